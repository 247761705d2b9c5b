"""What is opened before the first request, and closed after the last."""

import asyncio
from collections.abc import AsyncIterator

from django.conf import settings
from faststream.redis import RedisBroker

from lifespan_registry import on_lifespan
from message_consumer.ledger import Ledger

ORDERS = "example:orders"


@on_lifespan
async def ledger() -> AsyncIterator[Ledger]:
    """Keep what the consumer writes in."""
    yield Ledger(settings.SECONDS)


@on_lifespan
async def broker(ledger: Ledger) -> AsyncIterator[RedisBroker]:
    """Handle orders, and publish them; at the stop, finish the one in hand."""
    # Less than the `shutdown_timeout`, so that the broker still has time to close.
    redis = RedisBroker(settings.REDIS_URL, graceful_timeout=8)

    @redis.subscriber(list=ORDERS)
    async def handle(order: str) -> int:
        return await ledger.write(order)

    async with redis, asyncio.TaskGroup() as group:
        await redis.start()
        watching = group.create_task(watch(redis))
        yield redis
        watching.cancel()


async def watch(redis: RedisBroker) -> None:
    """Die when Redis is gone: FastStream would try again for ever, and tell nobody."""
    while await redis.ping(timeout=3):  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(1)
    raise ConnectionError("Redis does not answer")
