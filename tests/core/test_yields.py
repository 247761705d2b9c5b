"""A lifespan yields exactly once; a slip is told in words for a newcomer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import (
    NeverYieldedError,
    ShutdownError,
    StartupError,
    YieldedTwiceError,
)
from tests.core.waiting import DEADLINE, both, place, until
from tests.tracked import tracked

ready = False


async def never() -> AsyncIterator[str]:
    """Pass the yield by."""
    _ = (yield "late") if ready else None


def sync_never() -> Iterator[str]:
    """Pass the yield by."""
    _ = (yield "late") if ready else None


async def twice() -> AsyncIterator[str]:
    """Yield once too often."""
    yield "once"
    yield "twice"


def sync_twice() -> Iterator[str]:
    """Yield once too often."""
    yield "once"
    yield "twice"


def lifespans(*functions: Callable[[], Any]) -> pytest.MarkDecorator:
    """Parametrise with each function, as it is and as a context manager."""
    function, sync_function = functions
    return pytest.mark.parametrize(
        ("function", "inner"),
        [
            pytest.param(function, function, id="async"),
            pytest.param(sync_function, sync_function, id="sync"),
            pytest.param(asynccontextmanager(function), function, id="async manager"),
            pytest.param(contextmanager(sync_function), sync_function, id="manager"),
        ],
    )


@lifespans(never, sync_never)
async def test_never_yields(
    registry: Registry, log: list[str], function: Any, inner: Any
) -> None:
    """A function that returns before its yield fails the start; all is unwound."""
    tracked(registry, log, "a")
    registry.on_lifespan(name="bad", requires="a")(function)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    (error,) = caught.value.exceptions
    assert isinstance(error, NeverYieldedError)
    assert str(error) == (
        f"'bad' ({place(inner)}) returned without a yield. A lifespan yields exactly "
        "once: what stands before the yield runs at startup, what follows at shutdown. "
        "Does a return or an if pass it by?"
    )
    assert log == ["+a", "-a"]


@lifespans(twice, sync_twice)
async def test_yields_twice(
    registry: Registry, log: list[str], function: Any, inner: Any
) -> None:
    """A function that yields again at its exit fails the stop; others are exited."""
    tracked(registry, log, "a")
    registry.on_lifespan(name="bad", requires="a")(function)
    tracked(registry, log, "b", requires="bad")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run() as run:
            assert run.state["bad"] == "once"

    (error,) = caught.value.exceptions
    assert isinstance(error, YieldedTwiceError)
    assert str(error) == (
        f"'bad' ({place(inner)}) has yielded a second time. A lifespan yields exactly "
        "once: what stands before the yield runs at startup, what follows at shutdown. "
        "Does the yield stand in a loop?"
    )
    assert log == ["+a", "+b", "-b", "-a"]


@both
async def test_second_yield_is_closed(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """What a function holds around its second yield is closed all the same."""

    async def looping() -> AsyncIterator[int]:
        try:
            yield 0
            yield 1
        finally:
            log.append("closed")

    def sync_looping() -> Iterator[int]:
        try:
            yield 0
            yield 1
        finally:
            log.append("closed")

    registry.on_lifespan(name="bad")(sync_looping if sync else looping)

    with pytest.raises(ShutdownError):
        async with registry.run():
            log.append("up")

    assert log == ["up", "closed"]


async def test_yields_again_when_it_crashes(registry: Registry) -> None:
    """Whoever goes on when its time limit is over and yields again crashes of it."""

    @registry.on_lifespan
    async def stubborn() -> AsyncIterator[anyio.CancelScope]:
        with anyio.move_on_after(DEADLINE) as scope:
            yield scope
        yield scope

    async with registry.run() as run:
        stubborn.get().deadline = anyio.current_time()
        await until(lambda: run.report["stubborn"].error is not None)

    assert isinstance(run.report["stubborn"].error, YieldedTwiceError)


@both
async def test_nested_manager_never_yields(registry: Registry, *, sync: bool) -> None:
    """The slip of a context manager inside a lifespan is not taken for its own."""

    async def outer() -> AsyncIterator[str]:
        yield await asynccontextmanager(never)().__aenter__()

    def sync_outer() -> Iterator[str]:
        yield contextmanager(sync_never)().__enter__()

    registry.on_lifespan(name="outer")(sync_outer if sync else outer)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert repr(caught.value.exceptions[0]) == 'RuntimeError("generator didn\'t yield")'


@both
async def test_nested_manager_yields_twice(registry: Registry, *, sync: bool) -> None:
    """The slip of a context manager inside a lifespan is not taken for its own."""

    async def outer() -> AsyncIterator[str]:
        async with asynccontextmanager(twice)() as value:
            yield value

    def sync_outer() -> Iterator[str]:
        with contextmanager(sync_twice)() as value:
            yield value

    registry.on_lifespan(name="outer")(sync_outer if sync else outer)

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            pass

    assert repr(caught.value.exceptions[0]) == 'RuntimeError("generator didn\'t stop")'
