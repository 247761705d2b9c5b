"""The question of the site to itself, whether it is alive."""

import asyncio
import logging
import time

import aiosqlite
import httpx

from pulse.database import count, total

logger = logging.getLogger(__name__)


class Probe:
    """Asks the site over HTTP, and counts in the database what it answers."""

    def __init__(
        self, client: httpx.AsyncClient, database: aiosqlite.Connection
    ) -> None:
        self._client = client
        self._database = database
        self.beats = 0
        self.last = "not asked yet"

    async def ask(self) -> None:
        """Ask once."""
        began = time.perf_counter()
        try:
            # The server waits for open connections before it stops the lifespans: one
            # to itself, kept for the next beat, would make it wait for ever.
            response = await self._client.get("/alive", headers={"Connection": "close"})
        except httpx.HTTPError as error:
            self.last = f"no answer from {self._client.base_url}: {error!r}"
            return
        milliseconds = (time.perf_counter() - began) * 1000
        self.beats += 1
        self.last = f"{response.status_code} in {milliseconds:.0f} ms"
        await count(self._database, "beats")

    async def repeat(self, seconds: float) -> None:
        """Ask every so many *seconds*, until it is cancelled."""
        try:
            while True:
                await asyncio.sleep(seconds)
                await self.ask()
        finally:
            logger.info("heartbeat ends with beat %d", self.beats)

    async def ever(self) -> int:
        """Return how many beats there have been over all starts."""
        return await total(self._database, "beats")
