"""What is opened before the first request, and closed after the last."""

from collections.abc import AsyncIterator

import aiosqlite

from lifespan_registry import on_lifespan
from rest_views.stock import TABLE, Stock


@on_lifespan
async def database() -> AsyncIterator[aiosqlite.Connection]:
    """Keep a database open: here one in memory."""
    async with aiosqlite.connect(":memory:", isolation_level=None) as connection:
        await connection.executescript(TABLE)
        yield connection


@on_lifespan
async def stock(database: aiosqlite.Connection) -> AsyncIterator[Stock]:
    """Know what is in stock, for the views of both frameworks."""
    yield Stock(database)
