"""Views beside the consumers, with the same Redis client."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from chat_room.lifespans import redis_client
from chat_room.talk import last, say


async def lines(request: HttpRequest, room: str) -> JsonResponse:
    """Show what was said last in a room."""
    return JsonResponse({room: await last(redis_client.get(), room, 10)})


@require_POST
async def say_line(request: HttpRequest, room: str, text: str) -> JsonResponse:
    """Say something to all who are in a room."""
    await say(redis_client.get(), room, text)
    return JsonResponse({"said": text})
