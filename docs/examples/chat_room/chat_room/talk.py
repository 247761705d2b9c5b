"""What is done by websocket and by HTTP alike."""

from channels.layers import get_channel_layer
from redis.asyncio import Redis


async def say(client: Redis, room: str, text: str) -> None:
    """Keep a line, and tell it to all who are in the room, in every worker."""
    await client.rpush(f"example:{room}", text)
    await get_channel_layer().group_send(room, {"type": "talk.said", "text": text})


async def last(client: Redis, room: str, count: int) -> list[str]:
    """Return the last lines that were said in a room."""
    return await client.lrange(f"example:{room}", -count, -1)
