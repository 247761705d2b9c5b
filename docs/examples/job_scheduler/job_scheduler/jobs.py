"""What is done at set times."""

import asyncio
import logging
import time

import aiosqlite
from django.conf import settings

logger = logging.getLogger(__name__)

TABLE = "CREATE TABLE measurement (seconds REAL)"


async def measure(database: aiosqlite.Connection) -> None:
    """Write down how much of its time this process has computed, for a while."""
    logger.info("measuring")
    before = time.process_time()
    await asyncio.sleep(settings.SECONDS_OF_A_JOB)
    computed = time.process_time() - before
    await database.execute("INSERT INTO measurement VALUES (?)", (computed,))
    logger.info("measured: %.3f s", computed)
