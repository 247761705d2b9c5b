"""A lifespan that ends by itself while it is to stay up is noticed."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry._core import conductor
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import (
    CrashedError,
    ShutdownError,
    ShutdownTimeoutError,
    StartFailedError,
    StartupError,
    StoppedError,
)
from tests.core.waiting import Gate, some_steps, until
from tests.tracked import tracked

Ask = Callable[[], None]


def spawn(group: Any, function: Callable[[], Any]) -> None:
    """Start a child in a task group of either kind."""
    if isinstance(group, asyncio.TaskGroup):
        group.create_task(function())
    else:
        group.start_soon(function)


def fragile(
    registry: Registry,
    group: Callable[[], AbstractAsyncContextManager[Any]],
    **options: Any,
) -> Lifespan[Ask]:
    """Register a lifespan with a child that raises as soon as it is asked to."""

    @registry.on_lifespan(**options)
    async def worker() -> AsyncIterator[Ask]:
        crash = asyncio.Event()

        async def child() -> None:
            await crash.wait()
            raise ConnectionError("lost the broker")

        async with group() as tasks:
            spawn(tasks, child)
            yield crash.set

    return worker


groups = pytest.mark.parametrize(
    "group", [anyio.create_task_group, asyncio.TaskGroup], ids=["anyio", "asyncio"]
)


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what has been logged as an error."""
    return [record for record in caplog.records if record.levelno == logging.ERROR]


@groups
async def test_child_crashes(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    group: Callable[[], AbstractAsyncContextManager[Any]],
) -> None:
    """It is logged, reported and out of reach at once; the others stay up."""
    a = tracked(registry, log, "a")
    worker = fragile(registry, group, requires="a")
    b = tracked(registry, log, "b", requires="worker")

    async with registry.run() as run:
        worker.get()()
        await until(lambda: run.report["worker"].status is Status.CRASHED)
        await until(lambda: errors(caplog))

        (record,) = errors(caplog)
        assert record.getMessage().startswith(
            f"lifespan {worker.definition.origin} crashed "
        )
        error = run.report["worker"].error
        assert record.exc_info is not None
        assert record.exc_info[1] is error
        assert isinstance(error, ExceptionGroup)
        assert [repr(one) for one in error.exceptions] == [
            "ConnectionError('lost the broker')"
        ]
        assert "lost the broker" in caplog.text

        with pytest.raises(CrashedError) as caught:
            worker.get()
        assert re.match(
            r"lifespan 'worker' has no value any more: it crashed at "
            r"\d\d:\d\d:\d\d, of ConnectionError: lost the broker \(in an "
            r"ExceptionGroup\)\.\nLook for its traceback in the log; a restart of the "
            r"process brings it back\.$",
            str(caught.value),
        )
        assert dict(run.state) == {"a": "a", "b": "b"}
        with pytest.raises(CrashedError):
            worker.get(run.state)
        assert (a.get(), b.get()) == ("a", "b")
        assert {name: one.status for name, one in run.report.items()} == {
            "a": Status.STARTED,
            "worker": Status.CRASHED,
            "b": Status.STARTED,
        }
        log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]
    assert run.report["worker"].status is Status.CRASHED
    with pytest.raises(StoppedError):
        a.get()


@groups
async def test_crash_during_the_start(
    registry: Registry,
    log: list[str],
    group: Callable[[], AbstractAsyncContextManager[Any]],
) -> None:
    """A crash while others are still starting fails the start."""
    tracked(registry, log, "a")
    worker = fragile(registry, group, requires="a")

    async def crash_and_wait() -> None:
        worker.get()()
        await asyncio.Event().wait()

    tracked(registry, log, "b", requires="worker", enter=crash_and_wait)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    (failure,) = caught.value.failures
    assert failure[0] == worker.definition.origin
    assert isinstance(failure[1], ExceptionGroup)
    assert caught.value.cleanup == ()
    what = f"{failure[0]}: ConnectionError: lost the broker (in an ExceptionGroup)"
    assert str(caught.value) == f"1 lifespan failed to start:\n    {what}"
    assert log == ["+a", "-a"]
    with pytest.raises(StartFailedError) as failed:
        worker.get()
    assert failed.value.detail == what


async def test_crash_that_cleans_up(registry: Registry, log: list[str]) -> None:
    """What stands behind the yield runs when a child crashes, in its own task."""
    crash = asyncio.Event()

    @registry.on_lifespan
    async def worker() -> AsyncIterator[None]:
        async def child() -> None:
            await crash.wait()
            raise ConnectionError

        task = asyncio.current_task()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(child())
                yield
        finally:
            log.append(f"same task: {asyncio.current_task() is task}")

    async with registry.run() as run:
        crash.set()
        await until(lambda: run.report["worker"].error is not None)
        log.append("up")

    assert log == ["same task: True", "up"]
    assert run.report["worker"].status is Status.CRASHED


async def test_crash_is_told_before_its_cleanup(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """The log and get() tell at once; of what it crashed, when the cleanup is over."""
    gate = Gate()

    async def child() -> None:
        raise ConnectionError("lost the broker")

    @registry.on_lifespan
    async def worker() -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child())
            try:
                yield
            finally:
                await gate.insist()

    async with registry.run() as run:
        await until(lambda: run.report["worker"].status is Status.CRASHED)
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert vars(record)["phase"] == "crash"
        assert re.fullmatch(
            rf"lifespan {re.escape(str(worker.definition.origin))} ends by itself, "
            r"0\.\d s after its start\. Its value is out of reach from now on\. Its "
            r"traceback follows when its cleanup is over, in 10\.0 s at most",
            record.getMessage(),
        )
        with pytest.raises(CrashedError) as caught:
            worker.get()
        assert re.search(
            r"it crashed at \d\d:\d\d:\d\d; of what, the log says when its cleanup is "
            r"over\.\nLook for its traceback in the log;",
            str(caught.value),
        )
        assert errors(caplog) == []
        gate.open()
        await until(lambda: errors(caplog))
        assert "lost the broker" in caplog.text


async def test_stop_waits_for_the_cleanup_of_a_crash(
    registry: Registry, log: list[str]
) -> None:
    """A lifespan that cleans up after its crash keeps those that it needs."""
    crash, cleaned = asyncio.Event(), asyncio.Event()

    async def child() -> None:
        await crash.wait()
        raise ConnectionError

    tracked(registry, log, "a")

    @registry.on_lifespan(requires="a")
    async def worker() -> AsyncIterator[None]:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(child())
                yield
        finally:
            await cleaned.wait()
            log.append("cleaned up")

    async def let_it_clean_up() -> None:
        await some_steps()
        cleaned.set()

    async with asyncio.TaskGroup() as tasks, registry.run() as run:
        crash.set()
        await until(lambda: run.report["worker"].status is Status.CRASHED)
        tasks.create_task(let_it_clean_up())

    assert log == ["+a", "cleaned up", "-a"]


async def test_cleanup_of_a_crash_hangs(registry: Registry, log: list[str]) -> None:
    """The cleanup after a crash has the time limit of a stop."""
    crash = asyncio.Event()

    async def child() -> None:
        await crash.wait()
        raise ConnectionError

    @registry.on_lifespan(shutdown_timeout=0.05)
    async def worker() -> AsyncIterator[None]:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(child())
                yield
        finally:
            await asyncio.Event().wait()

    tracked(registry, log, "a")

    async with registry.run() as run:
        crash.set()
        await until(lambda: run.report["worker"].error is not None)
        assert isinstance(run.report["worker"].error, ShutdownTimeoutError)
        log.append("up")

    assert log == ["+a", "up", "-a"]


async def test_cleanup_of_a_crash_is_left_behind(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cleanup that was given up may end later; the crash is not told again."""
    monkeypatch.setattr(conductor, "GRACE", 0.05)
    gate = Gate()
    tasks: list[asyncio.Task[None] | None] = []

    @registry.on_lifespan(shutdown_timeout=0.05)
    async def worker() -> AsyncIterator[None]:
        tasks.append(asyncio.current_task())
        try:
            yield
        finally:
            await gate.insist()
            log.append("cleaned up")

    with pytest.raises(ShutdownError):
        async with registry.run() as run:
            (task,) = tasks
            assert task is not None
            task.cancel()
            await until(lambda: run.report["worker"].status is Status.CRASHED)
    gate.open()
    await asyncio.wait((task,))

    assert log == ["cleaned up"]
    crashes = [one for one in errors(caplog) if " crashed " in one.getMessage()]
    assert len(crashes) == 1
