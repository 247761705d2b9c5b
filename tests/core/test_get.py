"""`Lifespan.get()` finds the value that belongs to the code that asks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry.exceptions import OtherEventLoopError, SeveralRunsError


@pytest.fixture(name="db")
def _db(registry: Registry) -> Lifespan[str]:
    """A lifespan whose value is another one in each run."""
    numbers = itertools.count(1)

    @registry.on_lifespan
    async def db() -> AsyncIterator[str]:
        yield f"db {next(numbers)}"

    return db


async def ask(db: Lifespan[str]) -> str:
    return db.get()


async def test_in_the_block(registry: Registry, db: Lifespan[str]) -> None:
    """In the block of a run, it is the value of that run, one run after the other."""
    for number in (1, 2):
        async with registry.run():
            assert db.get() == f"db {number}"


async def test_in_another_task(registry: Registry, db: Lifespan[str]) -> None:
    """A task that knows nothing of the run gets the value of its loop."""
    go = asyncio.Event()

    async def wait_and_ask() -> str:
        await go.wait()
        return db.get()

    task = asyncio.create_task(wait_and_ask())
    async with registry.run():
        go.set()
        assert await task == "db 1"


async def test_in_another_lifespan(registry: Registry, db: Lifespan[str]) -> None:
    """A lifespan that requires another one may ask it, until its own end."""
    seen: list[str] = []

    @registry.on_lifespan(requires=db)
    async def user() -> AsyncIterator[None]:
        seen.append(f"+{db.get()}")
        yield
        seen.append(f"-{db.get()}")

    async with registry.run():
        seen.append("up")
    assert seen == ["+db 1", "up", "-db 1"]


async def test_in_a_thread(registry: Registry, db: Lifespan[str]) -> None:
    """Sync code in a thread gets the value of the one run of this process."""
    loop = asyncio.get_running_loop()
    async with registry.run():
        assert await asyncio.to_thread(db.get) == "db 1"
        # This one takes no context along.
        assert await loop.run_in_executor(None, db.get) == "db 1"


async def test_under_another_loop(registry: Registry, db: Lifespan[str]) -> None:
    """A value is not handed out to another event loop."""
    async with registry.run():
        with pytest.raises(OtherEventLoopError) as caught:
            await asyncio.to_thread(asyncio.run, ask(db))
    assert str(caught.value) == (
        "lifespan 'db' was started in another event loop than the one that runs this "
        "code. Its value must not be used across event loops, and is not handed out.\n"
        "In place of asyncio.run(f()), let sync code run f on the loop of the "
        "lifespans: run.call(f). run is what registry.run_in_thread() has given, "
        "self.lifespan_run in a LifespanCommand, default_registry.current_run() "
        "elsewhere. Or pass what you need from outside."
    )


async def test_two_loops_at_once(registry: Registry, db: Lifespan[str]) -> None:
    """Each of two event loops has a value of its own; sync code cannot choose."""

    async def other() -> str:
        async with registry.run():
            loop = asyncio.get_running_loop()
            with pytest.raises(SeveralRunsError):
                await loop.run_in_executor(None, db.get)
            assert await asyncio.to_thread(db.get) == "db 2"
            return db.get()

    async with registry.run():
        assert await asyncio.to_thread(asyncio.run, other()) == "db 2"
        assert db.get() == "db 1"
        assert await asyncio.to_thread(db.get) == "db 1"


async def test_two_runs_on_one_loop(registry: Registry, db: Lifespan[str]) -> None:
    """Inside each block it is the nearest run's value; outside it cannot be told."""
    inside = asyncio.Barrier(3)
    leave = asyncio.Event()

    async def run() -> tuple[str, str]:
        async with registry.run():
            await inside.wait()
            found = db.get()
            await leave.wait()
            return found, db.get()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run()) for _ in range(2)]
        await inside.wait()
        with pytest.raises(SeveralRunsError) as caught:
            db.get()
        leave.set()
    assert str(caught.value) == (
        "lifespan 'db' has several values here: 2 runs are up.\n"
        "Say which one is meant: db.get(request), or db.get(run.state)."
    )
    assert [task.result() for task in tasks] == [("db 1",) * 2, ("db 2",) * 2]


async def test_one_run_in_another(registry: Registry, db: Lifespan[str]) -> None:
    """The inner one of two runs is the nearest, until it is over."""
    async with registry.run() as outer:
        assert db.get() == "db 1"
        async with registry.run() as inner:
            assert registry.current_run() is inner
            assert db.get() == "db 2"
            assert await asyncio.to_thread(db.get) == "db 2"
            assert [db.get(run.state) for run in (outer, inner)] == ["db 1", "db 2"]
        assert registry.current_run() is outer
        assert db.get() == "db 1"
    assert registry.current_run() is None


async def test_two_registries(registry: Registry, db: Lifespan[str]) -> None:
    """The run of another registry is of no account."""
    other = Registry()
    theirs: Lifespan[Any] = other.on_lifespan(name="db")(lambda: (yield "theirs"))
    async with registry.run(), other.run():
        assert (db.get(), theirs.get()) == ("db 1", "theirs")
