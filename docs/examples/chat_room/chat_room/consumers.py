"""A websocket in a room, and one that knows what has been said there."""

import asyncio

from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer

from chat_room.lifespans import redis_client
from chat_room.talk import last, say
from lifespan_registry import default_registry


class Room(AsyncWebsocketConsumer):
    """Hears all that is said in a room, and says what its client says."""

    async def connect(self) -> None:
        """Let the client in."""
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        client = self.scope["state"]["redis_client"]  # the same as .get(self)
        await self.send(f"Welcome to {self.room}. Client {hex(id(client))} keeps it.")
        self.goodbye = asyncio.create_task(self.say_goodbye())

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Hand on what the client says."""
        await say(redis_client.get(self), self.room, text_data or "")

    async def talk_said(self, event: dict[str, str]) -> None:
        """Tell the client what somebody has said."""
        await self.send(event["text"])

    async def say_goodbye(self) -> None:
        """Close when the server is going to stop, rather than be cut off."""
        if run := default_registry.current_run():
            await run.stopping.wait()
            await self.send("The server stops. Come again!")
            # 1012 is "service restart". Daphne sends none below 3000 but 1000.
            await self.close(code=4012)

    async def disconnect(self, code: int) -> None:
        """Leave the room."""
        self.goodbye.cancel()
        await self.channel_layer.group_discard(self.room, self.channel_name)


class Recall(WebsocketConsumer):
    """Answers a number with that many of the last lines. A sync one: in a thread."""

    def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Ask on the event loop to which the Redis client belongs."""
        client = redis_client.get(self)
        room = self.scope["url_route"]["kwargs"]["room"]
        for line in async_to_sync(last)(client, room, int(text_data or 1)):
            self.send(line)
        self.send(f"Client {hex(id(client))} keeps them.")
