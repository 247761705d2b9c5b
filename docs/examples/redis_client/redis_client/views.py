"""Views that count in Redis, all with one client."""

from asgiref.sync import async_to_sync
from django.http import HttpRequest, JsonResponse

from redis_client.lifespans import redis_client


async def count(key: str) -> dict[str, object]:
    """Count one visit more, and tell which client has done so."""
    client = redis_client.get()
    return {key: await client.incr(f"example:{key}"), "client": hex(id(client))}


async def visit(request: HttpRequest) -> JsonResponse:
    """Count in the event loop."""
    return JsonResponse(await count("visits"))


def sync_visit(request: HttpRequest) -> JsonResponse:
    """Count from a thread: the client is used on the event loop to which it belongs."""
    return JsonResponse(async_to_sync(count)("sync_visits"))
