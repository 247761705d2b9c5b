"""The lifespans of the project; each one notes in which task or thread it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator

from lifespan_registry import on_lifespan
from tests.servers.project.environment import behaves, note, released


class Resource:
    """Something that is open as long as its lifespan is up."""

    def __init__(self) -> None:
        self.is_open = True
        self.thread = threading.current_thread().name

    @property
    def identity(self) -> str:
        """Which object it is, among those of all processes that live."""
        return f"{os.getpid()}:{id(self)}"


def note_with_task(event: str) -> None:
    """Note *event*, and the task in which it happens."""
    task = asyncio.current_task()
    note(f"{event} in task {task.get_name() if task else None!r}")


@on_lifespan
async def database() -> AsyncIterator[Resource]:
    """Hold a task group, which only its own task can leave."""
    async with asyncio.TaskGroup():
        if behaves("late"):
            await asyncio.sleep(0.5)
        note_with_task("+database")
        resource = Resource()
        yield resource
        resource.is_open = False
        note_with_task("-database")


@on_lifespan
def files(database: Resource) -> Iterator[Resource]:
    """Run in a thread."""
    note(f"+files in thread {threading.current_thread().name!r}")
    resource = Resource()
    yield resource
    resource.is_open = False
    note(f"-files in thread {threading.current_thread().name!r}")


@on_lifespan
async def worker(files: Resource) -> AsyncIterator[asyncio.Event]:
    """Yield what lets its child crash."""
    crash = asyncio.Event()

    async def work() -> None:
        await crash.wait()
        message = "the worker is out of memory"
        raise RuntimeError(message)

    async with asyncio.TaskGroup() as group:
        child = group.create_task(work())
        note_with_task("+worker")
        yield crash
        child.cancel()
        note_with_task("-worker")


def connect() -> None:
    """Fail, as a connection does."""
    message = "no connection"
    raise RuntimeError(message)


@on_lifespan(requires=worker, enabled=behaves("fail"))
async def failing() -> AsyncIterator[None]:
    """Fail to start."""
    yield connect()


@on_lifespan(requires=worker, enabled=behaves("leave"))
async def leaving() -> AsyncIterator[None]:
    """Ask the process to end."""
    yield sys.exit("no licence")


@on_lifespan(requires=worker, enabled=behaves("wait"))
async def waiting() -> AsyncIterator[bool]:
    """Wait for what never comes."""
    note("waiting")
    yield await asyncio.Event().wait()


@on_lifespan(requires=worker, enabled=behaves("stuck"))
async def stuck() -> AsyncIterator[None]:
    """Wait in its start for the test."""
    note("+stuck")
    await released()
    yield


PATIENCE = float(os.environ.get("PROJECT_PATIENCE", "0.3"))


@on_lifespan(requires=worker, enabled=behaves("hang"), shutdown_timeout=PATIENCE)
async def hanging() -> AsyncIterator[None]:
    """Refuse to stop, and to be cancelled."""
    yield
    note("-hanging")
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
