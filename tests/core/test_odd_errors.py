"""Errors that are broken themselves: nothing stays open because of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import (
    CrashedError,
    ShutdownError,
    StartFailedError,
    StartupError,
)
from tests.core.test_crash import fragile
from tests.core.waiting import until
from tests.tracked import boom, tracked


class UnreadableError(Exception):
    """Its text is made of an attribute that it does not have."""

    def __str__(self) -> str:
        raise AttributeError


class EmptyError(Exception):
    """It is false: a container with nothing in it."""

    def __len__(self) -> int:
        return 0


class RefusingError(Exception):
    """It is false because it says so."""

    def __bool__(self) -> bool:
        return False


false_ones = pytest.mark.parametrize("kind", [EmptyError, RefusingError])

UNREADABLE = "UnreadableError: its text cannot be had"


async def test_text_cannot_be_had_at_start(registry: Registry, log: list[str]) -> None:
    """A start that fails of an unreadable error is unwound, and says whose it is."""
    tracked(registry, log, "db")
    bad = tracked(registry, log, "bad", requires="db", enter=boom(kind=UnreadableError))

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+db", "-db"]
    assert str(caught.value) == (
        f"1 lifespan failed to start:\n    {bad.definition.origin}: {UNREADABLE}"
    )
    with pytest.raises(StartFailedError, match=UNREADABLE):
        bad.get()


async def test_text_cannot_be_had_at_stop(registry: Registry, log: list[str]) -> None:
    """A stop that meets an unreadable error goes on, and says whose it is."""
    tracked(registry, log, "db")
    bad = tracked(registry, log, "bad", requires="db", leave=boom(kind=UnreadableError))

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+db", "+bad", "up", "-db"]
    assert str(caught.value) == (
        f"1 lifespan failed to stop:\n    {bad.definition.origin}: {UNREADABLE}"
    )


async def test_text_cannot_be_had_of_a_crash(registry: Registry) -> None:
    """A crash of an unreadable error is noticed, and `get()` says what it can."""

    @asynccontextmanager
    async def group() -> AsyncIterator[asyncio.TaskGroup]:
        try:
            async with asyncio.TaskGroup() as tasks:
                yield tasks
        except ExceptionGroup:
            raise UnreadableError from None

    worker = fragile(registry, group)

    async with registry.run() as run:
        worker.get()()
        await until(lambda: run.report["worker"].error is not None)
        with pytest.raises(CrashedError, match=f", of {UNREADABLE}"):
            worker.get()


@false_ones
async def test_false_error_of_the_block(
    registry: Registry, log: list[str], kind: type[Exception]
) -> None:
    """An error of the block comes out, be it true or false, after the stop."""
    tracked(registry, log, "db")
    error = kind()

    with pytest.raises(kind) as caught:
        async with registry.run():
            raise error

    assert caught.value is error
    assert not error
    assert log == ["+db", "-db"]


@false_ones
async def test_false_error_of_the_block_and_of_a_stop(
    registry: Registry, kind: type[Exception]
) -> None:
    """A false error of the block goes on, and that of the stop is noted on it."""
    bad = tracked(registry, [], "bad", leave=boom("stuck"))

    with pytest.raises(kind) as caught:
        async with registry.run():
            raise kind

    assert caught.value.__notes__ == [
        f"1 lifespan failed to stop:\n    {bad.definition.origin}: RuntimeError: stuck"
    ]


@false_ones
async def test_false_error_of_a_start(
    registry: Registry, log: list[str], kind: type[Exception]
) -> None:
    """A start that fails of a false error is unwound, and the report has it."""
    tracked(registry, log, "db")
    tracked(registry, log, "bad", requires="db", enter=boom(kind=kind))
    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()

    assert log == ["+db", "-db"]
    (error,) = caught.value.exceptions
    assert isinstance(error, kind)
    assert run.report["bad"].status is Status.FAILED
    assert run.report["bad"].error is error


@false_ones
async def test_false_error_of_a_stop(
    registry: Registry, log: list[str], kind: type[Exception]
) -> None:
    """A stop that meets a false error goes on, and the error comes out."""
    tracked(registry, log, "db")
    tracked(registry, log, "bad", requires="db", leave=boom(kind=kind))
    run = registry.run()

    with pytest.raises(ShutdownError) as caught:
        async with run:
            log.append("up")

    assert log == ["+db", "+bad", "up", "-db"]
    (error,) = caught.value.exceptions
    assert isinstance(error, kind)
    assert run.report["bad"].error is error
