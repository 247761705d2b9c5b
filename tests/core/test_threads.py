"""A sync lifespan keeps one thread, which is not the one of the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lifespan_registry import Registry
from lifespan_registry._core import conductor
from lifespan_registry.exceptions import ShutdownError
from tests.core.waiting import DEADLINE, Gate, some_steps, until
from tests.tracked import boom, tracked


async def test_one_thread_from_enter_to_exit(registry: Registry) -> None:
    """It is entered and exited in the same thread, and no other lifespan's is that."""
    threads: list[threading.Thread] = []

    @registry.on_lifespan
    def first() -> Iterator[None]:
        threads.append(threading.current_thread())
        yield
        threads.append(threading.current_thread())

    @registry.on_lifespan(requires=first)
    @contextmanager
    def second() -> Iterator[None]:
        threads.append(threading.current_thread())
        yield
        threads.append(threading.current_thread())

    async with registry.run():
        assert [one.name for one in threads] == ["lifespan first", "lifespan second"]
        assert all(one.is_alive() for one in threads)

    assert threads == [threads[0], threads[1], threads[1], threads[0]]
    assert len({*threads, threading.current_thread()}) == 3


async def test_class_is_made_and_entered_in_one_thread(registry: Registry) -> None:
    """A sync class is called, entered and exited in its thread."""
    threads: list[threading.Thread] = []

    class Held:
        def __init__(self) -> None:
            threads.append(threading.current_thread())

        def __enter__(self) -> None:
            threads.append(threading.current_thread())

        def __exit__(self, *args: object) -> None:
            threads.append(threading.current_thread())

    registry.on_lifespan(name="held")(Held)

    async with registry.run():
        pass

    assert len(threads) == 3
    assert len({*threads, threading.current_thread()}) == 2


async def test_loop_is_usable_while_a_thread_enters_and_exits(
    registry: Registry, log: list[str]
) -> None:
    """The loop runs other tasks while a sync lifespan blocks its thread."""
    opened, closed = Gate(), Gate()
    tracked(registry, log, "a", sync=True, enter=opened.block, leave=closed.block)

    async def others() -> None:
        await until(lambda: opened.reached)
        log.append("loop runs at start")
        opened.open()
        await until(lambda: closed.reached)
        log.append("loop runs at stop")
        closed.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(others())
        async with registry.run():
            log.append("up")

    assert log == ["loop runs at start", "+a", "up", "loop runs at stop", "-a"]


async def test_independent_threads_enter_and_exit_together(
    registry: Registry,
) -> None:
    """Sync lifespans that do not need one another meet at enter, and at exit."""
    meeting = threading.Barrier(3, timeout=10)
    for name in "abc":
        hooks = {"enter": meeting.wait, "leave": meeting.wait}
        tracked(registry, [], name, sync=True, **hooks)

    async with registry.run() as run:
        assert sorted(run.state) == ["a", "b", "c"]

    assert not meeting.broken


async def test_cancelled_during_enter(registry: Registry, log: list[str]) -> None:
    """What a thread opens after its start was cancelled is closed, in that thread."""
    gate = Gate()
    threads: list[threading.Thread] = []

    @registry.on_lifespan
    def late() -> Iterator[None]:
        gate.block()
        threads.append(threading.current_thread())
        log.append("opened")
        yield
        threads.append(threading.current_thread())
        log.append("closed")

    task = asyncio.create_task(registry.run().__aenter__())
    await until(lambda: gate.reached)
    task.cancel()
    await some_steps()
    gate.open()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log == ["opened", "closed"]
    assert threads == [threads[0]] * 2


async def test_cancelled_while_serving(registry: Registry, log: list[str]) -> None:
    """Cancelling the task of a sync lifespan alone exits it, as a crash."""
    tracked(registry, log, "a", sync=True)

    async with registry.run() as run:
        (task,) = [one for one in asyncio.all_tasks() if one.get_name() == "lifespan a"]
        task.cancel()
        await until(lambda: run.report["a"].error is not None)
        assert dict(run.state) == {}
        log.append("up")

    assert log == ["+a", "-a", "up"]


async def test_no_thread_is_left(registry: Registry, log: list[str]) -> None:
    """After a run, and after a failed start, the threads have ended."""
    tracked(registry, log, "a", sync=True)
    tracked(registry, log, "b", sync=True, requires="a")

    # One of another test may end meanwhile.
    before = {*threading.enumerate()}

    def new() -> list[str]:
        return sorted(one.name for one in {*threading.enumerate()} - before)

    async with registry.run():
        assert new() == ["lifespan a", "lifespan b"]
    await until(lambda: new() == [])

    tracked(registry, log, "c", sync=True, requires="b", enter=boom())
    with pytest.raises(ExceptionGroup):
        await registry.run().__aenter__()
    await until(lambda: new() == [])

    assert log == ["+a", "+b", "-b", "-a"] * 2


async def test_threads_take_values(registry: Registry) -> None:
    """A sync lifespan receives what an async one yields, and the other way round."""
    tracked(registry, [], "pool")

    @registry.on_lifespan
    def sync(pool: str) -> Iterator[str]:
        yield f"sync on {pool}"

    @registry.on_lifespan
    @contextmanager
    def managed(sync: str) -> Iterator[str]:
        yield f"managed on {sync}"

    async with registry.run() as run:
        assert run.state["managed"] == "managed on sync on pool"


def test_thread_that_outlives_its_loop(
    registry: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that has been left behind ends quietly when its loop is long closed."""
    monkeypatch.setattr(conductor, "GRACE", 0.05)
    release = threading.Event()
    options = {"sync": True, "shutdown_timeout": 0.05}
    tracked(registry, log, "a", leave=release.wait, **options)

    async def serve() -> None:
        async with registry.run():
            log.append("up")

    with pytest.raises(ShutdownError):
        asyncio.run(serve())
    (thread,) = [one for one in threading.enumerate() if one.name == "lifespan a"]
    release.set()
    thread.join(DEADLINE)

    assert log == ["+a", "up", "-a"]
