"""A registry can be run again, and more than once at a time; a run only once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import (
    PlanError,
    RunUsedError,
    StartupError,
    StoppedError,
)
from tests.core.waiting import DEADLINE, both
from tests.tracked import boom, tracked


@both
async def test_run_stop_run_again(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """After a stop the same lifespans start afresh, with new values."""
    values: list[object] = []

    async def fresh() -> AsyncIterator[object]:
        yield object()

    def sync_fresh() -> Iterator[object]:
        yield object()

    lifespan = registry.on_lifespan(name="fresh")(sync_fresh if sync else fresh)
    tracked(registry, log, "a", sync=sync, requires="fresh")

    for _ in range(3):
        async with registry.run() as run:
            values.append(lifespan.get())
            log.append("up")
        assert run.report["a"].status is Status.STOPPED
        with pytest.raises(StoppedError):
            lifespan.get()

    assert log == ["+a", "up", "-a"] * 3
    assert len(set(map(id, values))) == 3


async def test_run_after_a_failed_start(registry: Registry, log: list[str]) -> None:
    """A failed start leaves the registry as it was: the next run may succeed."""
    hooks = [boom()]

    def enter() -> None:
        hooks.pop()()

    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=enter)

    with pytest.raises(StartupError):
        await registry.run().__aenter__()
    hooks.append(lambda: None)
    async with registry.run():
        log.append("up")

    assert log == ["+a", "-a", "+a", "+b", "up", "-b", "-a"]


@both
def test_two_loops_at_once(registry: Registry, *, sync: bool) -> None:
    """In two event loops at once each has its own values, and sees no others."""
    meeting = threading.Barrier(2, timeout=DEADLINE)
    seen: dict[str, list[object]] = {"one": [], "two": []}

    async def fresh() -> AsyncIterator[object]:
        yield object()

    def sync_fresh() -> Iterator[object]:
        yield object()

    lifespan = registry.on_lifespan(name="fresh")(sync_fresh if sync else fresh)

    async def serve(name: str) -> None:
        async with registry.run() as run:
            meeting.wait()
            seen[name] += [lifespan.get(), run.state["fresh"]]
            meeting.wait()

    threads = [
        threading.Thread(target=lambda name=name: asyncio.run(serve(name)))
        for name in seen
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    (one, one_again), (two, two_again) = seen.values()
    assert one is one_again
    assert two is two_again
    assert one is not two


async def test_second_run_on_the_same_loop(registry: Registry, log: list[str]) -> None:
    """A run inside another one has its own values; the outer one's come back after."""
    counter = iter(range(10))

    @registry.on_lifespan
    async def number() -> AsyncIterator[int]:
        yield next(counter)

    tracked(registry, log, "a")

    async with registry.run() as outer:
        assert number.get() == 0
        async with registry.run() as inner:
            assert number.get() == 1
            assert (number.get(outer.state), number.get(inner.state)) == (0, 1)
        assert number.get() == 0
        assert outer.report["a"].status is Status.STARTED

    assert log == ["+a", "+a", "-a", "-a"]


async def test_runs_beside_each_other(registry: Registry) -> None:
    """Two tasks of one loop run the same registry, each with values of its own."""
    meeting = asyncio.Barrier(2)

    @registry.on_lifespan
    async def fresh() -> AsyncIterator[object]:
        yield object()

    async def serve() -> object:
        async with registry.run() as run:
            await meeting.wait()
            assert fresh.get() is run.state.fresh
            await meeting.wait()
            return fresh.get()

    async with asyncio.TaskGroup() as tasks:
        one, two = tasks.create_task(serve()), tasks.create_task(serve())

    assert one.result() is not two.result()


async def test_same_run_twice(registry: Registry, log: list[str]) -> None:
    """A run cannot be entered again, neither while it is up nor afterwards."""
    tracked(registry, log, "a")
    run = registry.run()

    async with run:
        with pytest.raises(RunUsedError, match="has been entered before"):
            await run.__aenter__()
        log.append("still up")
    with pytest.raises(RunUsedError):
        await run.__aenter__()

    assert log == ["+a", "still up", "-a"]


async def test_registered_while_a_run_is_up(registry: Registry, log: list[str]) -> None:
    """A lifespan that is registered after the start belongs to the next run."""
    tracked(registry, log, "a")

    async with registry.run() as run:
        b = tracked(registry, log, "b")
        assert [*run.report] == ["a"]
        with pytest.raises(LookupError, match="'b'"):
            b.get()
    assert log == ["+a", "-a"]
    async with registry.run() as run:
        assert [*run.report] == ["a", "b"]
        assert repr(run.report) == "<Report: a started, b started>"

    assert log == ["+a", "-a", "+a", "+b", "-b", "-a"]


async def test_registered_during_the_start(registry: Registry, log: list[str]) -> None:
    """A lifespan that is registered by an enter belongs to the next run."""

    def register() -> None:
        tracked(registry, log, "b")

    tracked(registry, log, "a", enter=register)

    async with registry.run() as run:
        assert [*run.report] == ["a"]

    assert log == ["+a", "-a"]


async def test_empty_registry(registry: Registry) -> None:
    """A registry with nothing in it runs, and stops."""
    async with registry.run() as run:
        assert dict(run.state) == {}
        assert dict(run.report) == {}


async def test_plan_that_cannot_be_ordered(registry: Registry, log: list[str]) -> None:
    """Nothing is entered where the plan has an error."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="nobody")

    with pytest.raises(PlanError):
        await registry.run().__aenter__()

    assert log == []


async def test_exit_without_enter(registry: Registry, log: list[str]) -> None:
    """A run that was never entered has nothing to exit."""
    tracked(registry, log, "a")

    await registry.run().__aexit__(None, None, None)

    assert log == []
