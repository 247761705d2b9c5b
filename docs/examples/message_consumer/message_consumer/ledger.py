"""Where handled orders are written down."""

import asyncio
import logging

logger = logging.getLogger(__name__)


class Ledger:
    """Has each order in a line of its own."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lines: list[str] = []

    async def write(self, order: str) -> int:
        """Write *order* down, which takes a while; return the number of its line."""
        logger.info("writes %s", order)
        await asyncio.sleep(self._seconds)
        self._lines.append(order)
        logger.info("has written %s", order)
        return len(self._lines)
