"""What the shop has: to be awaited, as a client of any service would be."""

import aiosqlite

TABLE = """
    CREATE TABLE stock (item TEXT PRIMARY KEY, pieces INTEGER);
    INSERT INTO stock VALUES ('tea', 3), ('milk', 5);
"""
TAKE = """
    UPDATE stock SET pieces = pieces - 1 WHERE item = ? AND pieces > 0
    RETURNING pieces
"""


class Stock:
    """How many pieces there are of each item."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database

    async def pieces(self) -> dict[str, int]:
        """Return how many there are of each."""
        async with self._database.execute("SELECT item, pieces FROM stock") as cursor:
            return {item: pieces async for item, pieces in cursor}

    async def take(self, item: str) -> int | None:
        """Take a piece, and return how many are left; None where there was none."""
        async with self._database.execute(TAKE, (item,)) as cursor:
            row = await cursor.fetchone()
        return row[0] if row else None
