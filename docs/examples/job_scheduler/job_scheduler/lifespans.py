"""What is opened before the first request, and closed after the last."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC

import aiosqlite
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from django.conf import settings

from job_scheduler.jobs import TABLE, measure
from lifespan_registry import on_lifespan


@on_lifespan
async def database() -> AsyncIterator[aiosqlite.Connection]:
    """Keep a database open: here one in memory."""
    async with aiosqlite.connect(":memory:", isolation_level=None) as connection:
        await connection.execute(TABLE)
        yield connection


@on_lifespan(enabled=lambda: settings.JOBS)
async def scheduler(database: aiosqlite.Connection) -> AsyncIterator[AsyncIOScheduler]:
    """Run a job again and again, with the database that views use, too."""
    idle = asyncio.Lock()

    async def job() -> None:
        async with idle:
            await measure(database)

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.add_job(
        job, "interval", id="measure", seconds=settings.SECONDS_BETWEEN_JOBS
    )
    scheduler.start()
    yield scheduler
    # Its shutdown() cancels async jobs, with wait=True too: first no new one may begin,
    scheduler.pause()
    await asyncio.sleep(0)  # what is due this moment begins,
    try:
        await idle.acquire()  # and what runs has its time.
    finally:
        scheduler.shutdown()
        await asyncio.sleep(0)  # It does so when the loop comes to it.
