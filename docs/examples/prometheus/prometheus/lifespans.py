"""What starts and stops, and knows nothing of any metrics."""

import asyncio
from collections.abc import AsyncIterator

from lifespan_registry import on_lifespan

# What sleeps stands for what waits for a network.


@on_lifespan
async def catalogue() -> AsyncIterator[list[str]]:
    """Fetch what there is to sell."""
    await asyncio.sleep(0.2)
    yield ["tea", "coffee", "cocoa"]
    await asyncio.sleep(0.1)


@on_lifespan
async def prices(catalogue: list[str]) -> AsyncIterator[asyncio.Queue[str]]:
    """Read prices from a queue; one that is no number ends it."""
    news: asyncio.Queue[str] = asyncio.Queue()

    async def read() -> None:
        while True:
            float(await news.get())

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(read())
        yield news
        reading.cancel()
