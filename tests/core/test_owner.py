"""The task that has entered the run goes on, or away, after it was cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import CrashedError, ShutdownError
from tests.core.test_crash import fragile
from tests.core.waiting import DEADLINE, errors, some_steps, until
from tests.tracked import tracked

SHORT = 0.05


async def swallow_a_cancellation() -> None:
    """Cancel the current task, and go on as if nothing had been."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    assert task.cancelling() == 1


def test_it_ends_without_leaving_the_run(registry: Registry, log: list[str]) -> None:
    """A run that a cancelled task leaves open does not keep asyncio.run() from ending.

    It is stopped when asyncio closes the generator that holds it.
    """
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")

    async def holder() -> AsyncIterator[None]:
        async with registry.run():
            yield

    held = holder()

    async def main() -> None:
        await anext(held)
        log.append("up")
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.Event().wait()

    def process() -> None:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main(), debug=True)
        log.append("ended")

    thread = threading.Thread(target=process, daemon=True)
    thread.start()
    thread.join(DEADLINE)

    assert not thread.is_alive()
    assert log == ["+a", "+b", "up", "ended"]


async def test_crash_after_it_went_on(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A crash is noticed when no stop has come within the time of one."""
    tracked(registry, log, "a")
    worker = fragile(registry, asyncio.TaskGroup, requires="a", shutdown_timeout=SHORT)
    tracked(registry, log, "b", requires="worker")

    async with registry.run() as run:
        await swallow_a_cancellation()
        worker.get()()
        await until(lambda: run.report["worker"].error is not None)

        assert run.report["worker"].status is Status.CRASHED
        assert isinstance(run.report["worker"].error, ExceptionGroup)
        with pytest.raises(CrashedError):
            worker.get()
        (text,) = errors(caplog)
        assert text.startswith(f"lifespan {worker.definition.origin} crashed ")
        log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]


async def test_stop_soon_after_a_crash(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where the stop does come, it is the usual one, and has the error."""
    tracked(registry, log, "a")
    worker = fragile(
        registry, asyncio.TaskGroup, requires="a", shutdown_timeout=DEADLINE
    )
    tracked(registry, log, "b", requires="worker")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run() as run:
            await swallow_a_cancellation()
            worker.get()()
            await some_steps()
            log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]
    assert caught.value.origins == (worker.definition.origin,)
    assert isinstance(caught.value.exceptions[0], ExceptionGroup)
    assert run.report["worker"].status is Status.STOPPED
    assert errors(caplog) == []


async def test_crash_without_a_time_limit(registry: Registry, log: list[str]) -> None:
    """A lifespan that may take for ever to stop waits as long for its turn."""
    worker = fragile(registry, asyncio.TaskGroup, shutdown_timeout=float("inf"))
    tracked(registry, log, "b", requires="worker")

    with pytest.raises(ShutdownError):
        async with registry.run() as run:
            await swallow_a_cancellation()
            worker.get()()
            await some_steps()
            assert run.report["worker"].status is Status.STARTED
            log.append("up")

    assert log == ["+b", "up", "-b"]


async def test_stop_in_the_moment_when_its_time_is_up(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A stop that begins just as the wait after a crash ends goes its usual way."""
    tracked(registry, log, "a")
    worker = fragile(registry, asyncio.TaskGroup, requires="a", shutdown_timeout=SHORT)

    with pytest.raises(ShutdownError):
        async with registry.run():
            await swallow_a_cancellation()
            worker.get()()
            await some_steps()
            # When the loop comes round, both are due: first this task, then the timer.
            time.sleep(2 * SHORT)  # noqa: ASYNC251
            await asyncio.sleep(0)
            log.append("up")

    assert log == ["+a", "up", "-a"]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
