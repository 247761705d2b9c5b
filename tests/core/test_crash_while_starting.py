"""A lifespan that ends by itself during the start fails it, however long it cleans up.

Nobody is entered without its value meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry._core import conductor
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import EndedByItselfError, StartupError
from tests.core.waiting import Gate, some_steps, until
from tests.tracked import tracked

SHORT = 0.05


def crashing(
    registry: Registry,
    log: list[str],
    crash: asyncio.Event,
    crashed: asyncio.Event,
    **options: Any,
) -> Lifespan[str]:
    """Register a lifespan with a child that raises when told, and a slow cleanup."""

    @registry.on_lifespan(**options)
    async def worker() -> AsyncIterator[str]:
        async def child() -> None:
            await crash.wait()
            raise ConnectionError("lost the broker")

        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(child())
                yield "worker"
        finally:
            crashed.set()
            await some_steps()
            log.append("cleaned up")

    return worker


async def test_dependents_are_not_entered(registry: Registry, log: list[str]) -> None:
    """None that needs it is entered, whichever way it asks; it is the culprit."""
    crash, crashed = asyncio.Event(), asyncio.Event()
    tracked(registry, log, "a")
    worker = crashing(registry, log, crash, crashed, requires="a")

    async def enter() -> None:
        crash.set()
        await crashed.wait()

    tracked(registry, log, "other", requires="a", enter=enter)
    entered: list[str] = []
    add = registry.on_lifespan
    add(name="by_place")(lambda worker, /, other: (yield entered.append(worker)))
    add(name="by_name")(lambda *, worker, other: (yield entered.append(worker)))
    tracked(registry, log, "by_option", requires=("worker", "other"))
    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()

    assert log == ["+a", "cleaned up", "-a"]
    assert entered == []
    assert caught.value.origins == (worker.definition.origin,)
    (error,) = caught.value.exceptions
    assert isinstance(error, ExceptionGroup)
    assert [repr(one) for one in error.exceptions] == [
        "ConnectionError('lost the broker')"
    ]
    assert caught.value.cleanup == ()
    assert {name: one.status for name, one in run.report.items()} == {
        "a": Status.STOPPED,
        "worker": Status.CRASHED,
        "other": Status.STOPPED,
        "by_place": Status.WAITING,
        "by_name": Status.WAITING,
        "by_option": Status.WAITING,
    }


async def test_start_is_no_success(registry: Registry, log: list[str]) -> None:
    """A start whose last lifespan is up while another one cleans up has failed."""
    crash, crashed = asyncio.Event(), asyncio.Event()
    worker = crashing(registry, log, crash, crashed)

    async def enter() -> None:
        crash.set()
        await crashed.wait()

    tracked(registry, log, "last", enter=enter)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["cleaned up"]
    assert caught.value.origins == (worker.definition.origin,)


async def test_cleanup_that_never_ends(
    registry: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose cleanup ignores that its time is up is named, and left behind."""
    monkeypatch.setattr(conductor, "GRACE", SHORT)
    gate = Gate()
    tasks: list[asyncio.Task[None] | None] = []
    tracked(registry, log, "a")

    @registry.on_lifespan(requires="a", shutdown_timeout=SHORT)
    async def worker() -> AsyncIterator[None]:
        tasks.append(asyncio.current_task())
        try:
            yield
        finally:
            await gate.insist()
            log.append("cleaned up")

    async def enter() -> None:
        (task,) = tasks
        assert task is not None
        task.cancel()
        await gate.wait()

    tracked(registry, log, "other", requires="worker", enter=enter)
    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()

    assert log == ["+a", "-a"]
    assert caught.value.origins == (worker.definition.origin,)
    (error,) = caught.value.exceptions
    assert isinstance(error, EndedByItselfError)
    assert run.report["worker"].status is Status.CRASHED
    gate.open()
    await until(lambda: log[2:] == ["cleaned up"])


async def test_crash_together_with_the_last_start(
    registry: Registry, log: list[str]
) -> None:
    """One that ends by itself as the last one comes up fails the start."""
    tasks: list[asyncio.Task[None] | None] = []

    @registry.on_lifespan
    async def worker() -> AsyncIterator[None]:
        tasks.append(asyncio.current_task())
        try:
            yield
        finally:
            await some_steps()
            log.append("cleaned up")

    async def enter() -> None:
        (task,) = tasks
        assert task is not None
        task.cancel()
        # One step: it is hit, and this one is up before the start can react.
        await asyncio.sleep(0)

    tracked(registry, log, "last", enter=enter)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+last", "-last", "cleaned up"]
    assert caught.value.origins == (worker.definition.origin,)
    (error,) = caught.value.exceptions
    assert isinstance(error, EndedByItselfError)
