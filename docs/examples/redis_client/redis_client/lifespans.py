"""What is opened before the first request, and closed after the last."""

from collections.abc import AsyncIterator

from django.conf import settings
from redis.asyncio import Redis

from lifespan_registry import on_lifespan


@on_lifespan
async def redis_client() -> AsyncIterator[Redis]:
    """Keep one client, with its pool of connections, for all requests."""
    async with Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        # It connects when it is used: without this, a wrong address would be noticed
        # by the first request.
        await client.ping()
        yield client
