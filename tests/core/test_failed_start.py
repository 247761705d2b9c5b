"""A failed start leaves nothing open, and says of what it failed."""

from __future__ import annotations

import asyncio
import threading
from collections import UserDict
from collections.abc import AsyncIterator, Iterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import StartupError
from tests.core.waiting import DEADLINE, Gate, both, place, until
from tests.tracked import boom, tracked


@both
async def test_third_of_five_raises(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """Those before the one that fails are exited, those after it never start."""
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")
    tracked(registry, log, "c", sync=sync, requires="b", enter=boom("no disk"))
    tracked(registry, log, "d", sync=sync, requires="c")
    tracked(registry, log, "e", sync=sync, requires="d")
    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()

    assert log == ["+a", "+b", "-b", "-a"]
    (failure,) = caught.value.failures
    assert failure[0].name == "c"
    assert repr(failure[1]) == "RuntimeError('no disk')"
    assert caught.value.cleanup == ()
    assert {name: one.status for name, one in run.report.items()} == {
        "a": Status.STOPPED,
        "b": Status.STOPPED,
        "c": Status.FAILED,
        "d": Status.WAITING,
        "e": Status.WAITING,
    }


async def test_third_of_five_independent_ones_raises(
    registry: Registry, log: list[str]
) -> None:
    """Whoever has not begun when one fails is not entered any more."""
    tracked(registry, log, "a")
    tracked(registry, log, "b")
    tracked(registry, log, "c", enter=boom())
    tracked(registry, log, "d")
    tracked(registry, log, "e")

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "+b", "-b", "-a"]
    assert [origin.name for origin in caught.value.origins] == ["c"]


async def test_error_names_the_file_and_the_line(registry: Registry) -> None:
    """The text of the error has the place of the lifespan, and what it raised."""

    async def database() -> AsyncIterator[None]:
        yield boom("no route to host", OSError)()

    registry.on_lifespan(database)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert str(caught.value) == (
        "1 lifespan failed to start:\n"
        f"    'database' ({place(database)}): OSError: no route to host"
    )


async def test_two_raise_at_once(registry: Registry, log: list[str]) -> None:
    """Two that fail in the same step of the loop are both in the error."""
    gate = Gate()

    async def wait_and_raise() -> None:
        await gate.wait()
        raise RuntimeError

    async def let_them_through() -> None:
        gate.open()

    tracked(registry, log, "a")
    tracked(registry, log, "b", enter=wait_and_raise)
    tracked(registry, log, "c", enter=wait_and_raise)
    tracked(registry, log, "d", enter=let_them_through)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "+d", "-d", "-a"]
    assert [origin.name for origin in caught.value.origins] == ["b", "c"]


async def test_two_threads_raise_at_once(registry: Registry, log: list[str]) -> None:
    """Of two threads that fail together no error is lost."""
    barrier = threading.Barrier(2)

    def wait_and_raise() -> None:
        barrier.wait(DEADLINE)
        raise RuntimeError

    tracked(registry, log, "a", sync=True, enter=wait_and_raise)
    tracked(registry, log, "b", sync=True, enter=wait_and_raise)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    told = [*caught.value.failures, *caught.value.cleanup]
    assert sorted(origin.name for origin, _ in told) == ["a", "b"]
    assert log == []


async def test_slower_ones_are_cancelled(registry: Registry, log: list[str]) -> None:
    """Those that are still entering when another one fails are cancelled."""
    gate = Gate()

    async def slow() -> None:
        try:
            await gate.wait()
        except asyncio.CancelledError:
            log.append("cancelled slow")
            raise

    async def fail() -> None:
        await until(lambda: gate.reached)
        raise RuntimeError

    tracked(registry, log, "a")
    tracked(registry, log, "slow", enter=slow)
    tracked(registry, log, "bad", enter=fail)
    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()

    assert log == ["+a", "cancelled slow", "-a"]
    assert [origin.name for origin in caught.value.origins] == ["bad"]
    assert caught.value.cleanup == ()
    assert run.report["slow"].status is Status.STOPPED


@both
async def test_type_error_of_the_body(registry: Registry, *, sync: bool) -> None:
    """A function whose own body raises TypeError is called once, and no more."""
    calls: list[str] = []

    def enter() -> None:
        calls.append("called")
        raise TypeError

    tracked(registry, [], "a", sync=sync, enter=enter)

    with pytest.raises(StartupError):
        await registry.run().__aenter__()

    assert calls == ["called"]


async def test_mapping_that_cannot_be_read(registry: Registry, log: list[str]) -> None:
    """One that yields a mapping which raises fails the start, and is exited."""

    class Broken(UserDict[str, str]):
        def __iter__(self) -> Iterator[str]:
            raise OSError

    @registry.on_lifespan
    async def broken() -> AsyncIterator[Broken]:
        yield Broken()
        log.append("-broken")

    tracked(registry, log, "a")

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert [(origin.name, repr(error)) for origin, error in caught.value.failures] == [
        ("broken", "OSError()")
    ]
    assert log == ["-broken"]
