"""What is opened before the first request, and closed after the last."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial

import aiosqlite
import httpx
from django.conf import settings

from lifespan_registry import on_lifespan
from pulse.database import Visits, opened
from pulse.probe import Probe
from pulse.words import Words

# These three wait for nothing: they start at the same time.


@on_lifespan
def words() -> Iterator[Words]:
    """Learn to spell, in a thread of its own: it is sync and takes a while."""
    yield Words.learnt()


@on_lifespan
async def database() -> AsyncIterator[aiosqlite.Connection]:
    """Keep a database open, and close it when nobody needs it any more."""
    async with opened(settings.DATABASE_FILE) as connection:
        yield connection


@on_lifespan
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    """Keep one client, with its pool of connections, for all requests."""
    # Reading its certificates takes a moment; in a thread, the others go on meanwhile.
    # The site is on this machine: no proxy shall be asked for it.
    make = partial(httpx.AsyncClient, base_url=settings.SITE, trust_env=False)
    async with await asyncio.to_thread(make) as client:
        yield client


# A parameter names what has to be there first.


@on_lifespan
async def visits(database: aiosqlite.Connection) -> AsyncIterator[Visits]:
    """Count the requests, for all views together."""
    yield Visits(database)


@on_lifespan
async def probe(
    http_client: httpx.AsyncClient, database: aiosqlite.Connection
) -> AsyncIterator[Probe]:
    """Ask the site whether it is alive, and write down the answers."""
    yield Probe(http_client, database)


@on_lifespan
async def heartbeat(probe: Probe) -> AsyncIterator[None]:
    """Run in the background as long as the server does."""
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(probe.repeat(settings.SECONDS_BETWEEN_BEATS))
        yield
        beating.cancel()
