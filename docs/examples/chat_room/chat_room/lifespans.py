"""What is opened before the first websocket, and closed after the last."""

from collections.abc import AsyncIterator

from django.conf import settings
from redis.asyncio import Redis

from lifespan_registry import on_lifespan


@on_lifespan
async def redis_client() -> AsyncIterator[Redis]:
    """Keep one client, which remembers what has been said."""
    async with Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        await client.ping()
        yield client
