"""A time limit that runs out, or a stranger's cancel, ends a lifespan: a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import anyio
import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import EndedByItselfError
from tests.core.waiting import DEADLINE, Gate, named, until
from tests.tracked import tracked


@pytest.mark.parametrize(
    ("limit", "kind"),
    [(anyio.move_on_after, EndedByItselfError), (anyio.fail_after, TimeoutError)],
    ids=["anyio.move_on_after", "anyio.fail_after"],
)
async def test_cancel_scope_runs_out(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    limit: Callable[[float], AbstractContextManager[anyio.CancelScope]],
    kind: type[Exception],
) -> None:
    """A lifespan whose time limit ends it has ended by itself: that is a crash."""

    @registry.on_lifespan
    async def limited() -> AsyncIterator[anyio.CancelScope]:
        with limit(DEADLINE) as scope:
            yield scope

    tracked(registry, log, "other")

    async with registry.run() as run:
        limited.get().deadline = anyio.current_time()
        await until(lambda: run.report["limited"].error is not None)
        assert run.report["limited"].status is Status.CRASHED
        assert isinstance(run.report["limited"].error, kind)
        assert dict(run.state) == {"other": "other"}
        log.append("up")

    assert log == ["+other", "up", "-other"]
    assert f"lifespan {limited.definition.origin} crashed" in caplog.text


async def test_timeout_runs_out(registry: Registry, log: list[str]) -> None:
    """asyncio.timeout held across the yield ends the lifespan by a TimeoutError."""

    @registry.on_lifespan
    async def limited() -> AsyncIterator[asyncio.Timeout]:
        async with asyncio.timeout(DEADLINE) as timeout:
            yield timeout

    tracked(registry, log, "other")

    async with registry.run() as run:
        limited.get().reschedule(asyncio.get_running_loop().time())
        await until(lambda: run.report["limited"].error is not None)
        assert run.report["limited"].status is Status.CRASHED
        assert isinstance(run.report["limited"].error, TimeoutError)
        assert dict(run.state) == {"other": "other"}
        log.append("up")

    assert log == ["+other", "up", "-other"]


async def test_cancelled_by_somebody(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A lifespan whose task alone somebody cancels while serving has crashed."""
    a = tracked(registry, log, "a")
    tracked(registry, log, "b")

    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        assert isinstance(run.report["a"].error, EndedByItselfError)
        assert dict(run.state) == {"b": "b"}
        log.append("up")

    assert log == ["+a", "+b", "up", "-b"]
    assert f"{a.definition.origin} ended by itself, without an error" in caplog.text


async def test_cancelled_again_while_it_cleans_up(
    registry: Registry, log: list[str]
) -> None:
    """A second cancellation by somebody cuts off the cleanup after the first one."""
    gate = Gate()

    @registry.on_lifespan
    async def a() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await gate.wait()

    tracked(registry, log, "b")

    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: gate.reached)
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        assert isinstance(run.report["a"].error, EndedByItselfError)
        log.append("up")

    assert log == ["+b", "up", "-b"]
