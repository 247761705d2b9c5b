"""The lifespans of the project: one for all, one for workers, one for the web."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from pathlib import Path

from lifespan_registry import on_lifespan
from tests.servers.project.environment import behaves, note

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


class Pool:
    """Something that is open for a while, on one event loop."""

    def __init__(self) -> None:
        self.is_open = True
        self._lock = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    async def fetch(self) -> str:
        """Answer on the loop of the pool, and on no other."""
        async with self._lock:
            await asyncio.sleep(0)
            assert asyncio.get_running_loop() is self._loop
            return f"open={self.is_open} for {tenant.get()}"


@on_lifespan
async def pool() -> AsyncIterator[Pool]:
    """Open what belongs to a loop."""
    if behaves("slow"):
        # Celery kills a child that is not up within four seconds.
        await asyncio.sleep(4.5)
    if behaves("hang"):
        note("starting")
        try:
            await asyncio.Event().wait()
        finally:
            note("not started")
    tenant.set("all tenants")
    note("+pool")
    opened = Pool()
    yield opened
    if behaves("slow"):
        await asyncio.sleep(4.5)
    opened.is_open = False
    note("-pool")
    if behaves("spoil"):
        message = "not closed"
        raise RuntimeError(message)


@on_lifespan(tags="worker")
def files(pool: Pool) -> Iterator[str]:
    """Fail where the test asks for it."""
    failing = Path(os.environ["PROJECT_EVENTS"]).with_name("failing")
    if behaves("fail") and (not behaves("later") or failing.exists()):
        message = "no files today"
        raise RuntimeError(message)
    if behaves("leave"):
        raise SystemExit(7)
    note("+files")
    yield "files"
    note("-files")


pages = on_lifespan(name="pages", tags="web")(contextlib.nullcontext)
"""What no worker starts."""
