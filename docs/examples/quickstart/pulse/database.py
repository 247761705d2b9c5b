"""A database in a file, with one number for each thing that is counted."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite

TABLE = "CREATE TABLE IF NOT EXISTS total (name TEXT PRIMARY KEY, number INTEGER)"
COUNT = """
    INSERT INTO total VALUES (?, 1)
    ON CONFLICT (name) DO UPDATE SET number = number + 1
"""
READ = "SELECT number FROM total WHERE name = ?"


@contextlib.asynccontextmanager
async def opened(file: Path | str) -> AsyncIterator[aiosqlite.Connection]:
    """Open the database in *file*, and close it."""
    async with aiosqlite.connect(file, isolation_level=None) as connection:
        await connection.execute(TABLE)
        yield connection


async def count(connection: aiosqlite.Connection, name: str) -> None:
    """Count one more of *name*."""
    await connection.execute(COUNT, (name,))


async def total(connection: aiosqlite.Connection, name: str) -> int:
    """Return how many of *name* have been counted since the file was made."""
    async with connection.execute(READ, (name,)) as cursor:
        row = await cursor.fetchone()
    return row[0] if row else 0


class Visits:
    """How often the site has been visited: since the start, and ever."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database
        self.since_start = 0

    async def add(self) -> int:
        """Count one visit more, and return which one of this start it is."""
        self.since_start += 1
        number = self.since_start
        await count(self._database, "visits")
        return number

    async def ever(self) -> int:
        """Return how many there have been over all starts."""
        return await total(self._database, "visits")
