"""What is opened before the first request, and closed after the last."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import httpx

from lifespan_registry import on_lifespan


@on_lifespan
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    """Keep one client, with its pool of connections, for all requests."""
    # Reading its certificates takes a moment; in a thread, others start meanwhile.
    # The site that it asks is on this machine: no proxy shall be asked for it.
    make = partial(httpx.AsyncClient, timeout=5, trust_env=False)
    async with await asyncio.to_thread(make) as client:
        yield client
