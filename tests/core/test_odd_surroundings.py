"""A log or a loop that fails in the middle leaves nothing open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry._core import watch
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import ShutdownError, StartupError
from tests.core.test_crash import fragile
from tests.core.waiting import Gate, until
from tests.tracked import tracked


class Breaking(logging.Filter):
    """Raises at a record that begins with *text*."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def filter(self, record: logging.LogRecord) -> bool:
        if record.getMessage().startswith(self.text):
            message = "no space left for the log"
            raise OSError(message)
        return True


@pytest.fixture(name="break_log_at")
def _break_log_at(
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Callable[[str], None]]:
    """Let the log of the package raise at a text."""
    caplog.set_level(logging.INFO, "lifespan_registry")
    logger = logging.getLogger("lifespan_registry")
    filters: list[logging.Filter] = []

    def break_at(text: str) -> None:
        filters.append(Breaking(text))
        logger.addFilter(filters[0])

    yield break_at
    logger.removeFilter(filters[0])


async def test_log_breaks_while_one_starts(
    registry: Registry, log: list[str], break_log_at: Callable[[str], None]
) -> None:
    """A log that raises at the start of one fails the start, which is unwound."""
    tracked(registry, log, "a")
    b = tracked(registry, log, "b", requires="a")
    tracked(registry, log, "c", requires="b")
    break_log_at("started b ")

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "+b", "-b", "-a"]
    assert str(caught.value) == (
        f"1 lifespan failed to start:\n    {b.definition.origin}: "
        "OSError: no space left for the log"
    )


async def test_log_breaks_when_all_have_started(
    registry: Registry, log: list[str], break_log_at: Callable[[str], None]
) -> None:
    """A log that raises when all are up has them exited, and its error comes out."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    break_log_at("2 lifespans started ")

    with pytest.raises(OSError, match="no space left"):
        await registry.run().__aenter__()

    assert log == ["+a", "+b", "-b", "-a"]
    assert registry.current_run() is None


async def test_log_breaks_while_one_stops(
    registry: Registry, log: list[str], break_log_at: Callable[[str], None]
) -> None:
    """A log that raises at the stop of one is told, and all are exited."""
    tracked(registry, log, "a")
    b = tracked(registry, log, "b", requires="a")
    tracked(registry, log, "c", requires="b")
    break_log_at("stopped b ")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+b", "+c", "up", "-c", "-b", "-a"]
    assert str(caught.value) == (
        f"1 lifespan failed to stop:\n    {b.definition.origin}: "
        "OSError: no space left for the log"
    )


async def test_log_breaks_at_a_crash(
    registry: Registry, log: list[str], break_log_at: Callable[[str], None]
) -> None:
    """A log that raises at a crash is told at the stop; the crash is reported."""
    worker = fragile(registry, asyncio.TaskGroup)
    tracked(registry, log, "a", requires="worker")
    break_log_at("lifespan 'worker' ")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run() as run:
            worker.get()()
            await until(lambda: run.report["worker"].error is not None)
            log.append("up")

    assert log == ["+a", "up", "-a"]
    assert run.report["worker"].status is Status.CRASHED
    assert isinstance(run.report["worker"].error, ExceptionGroup)
    assert str(caught.value) == (
        f"1 lifespan failed to stop:\n    {worker.definition.origin}: "
        "OSError: no space left for the log"
    )


async def test_log_breaks_at_a_slow_stop(
    registry: Registry,
    log: list[str],
    break_log_at: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log that raises at the report of a slow stop is told, and all are exited."""
    monkeypatch.setattr(watch, "REPORT_EVERY", 0.02)
    gate = Gate()
    tracked(registry, log, "a")
    b = tracked(registry, log, "b", requires="a", leave=gate.wait)
    break_log_at("the stop of the lifespans ")

    async def open_when_told() -> None:
        await until(lambda: run.report["b"].error is not None)
        gate.open()

    run = registry.run()
    with pytest.raises(ShutdownError) as caught:
        async with run:
            task = asyncio.create_task(open_when_told())
    await task

    assert log == ["+a", "+b", "-b", "-a"]
    assert str(caught.value) == (
        f"1 lifespan failed to stop:\n    {b.definition.origin}: "
        "OSError: no space left for the log"
    )


async def test_log_breaks_at_a_hung_exit(
    registry: Registry, log: list[str], break_log_at: Callable[[str], None]
) -> None:
    """A log that raises at a hung exit does not keep it from being cancelled."""
    tracked(registry, log, "a")
    options: dict[str, Any] = {"requires": "a", "shutdown_timeout": 0.05}
    hung = tracked(registry, log, "hung", leave=Gate().wait, **options)
    break_log_at("'hung' ")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+hung", "up", "-a"]
    assert caught.value.origins == (hung.definition.origin,)


@pytest.mark.parametrize("refused", ["a", "b", "c"])
async def test_loop_refuses_a_task(
    registry: Registry, log: list[str], refused: str
) -> None:
    """A task factory that raises fails the start; what was entered is exited."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    tracked(registry, log, "c", requires="b")
    loop = asyncio.get_running_loop()
    usual: Any = loop.get_task_factory() or _make_task

    def factory(loop: Any, life: Any, **options: Any) -> Any:
        if len(log) == "abc".index(refused):
            message = "too many tasks"
            raise OSError(message)
        return usual(loop, life, **options)

    loop.set_task_factory(factory)
    try:
        with pytest.raises(OSError, match="too many tasks"):
            await registry.run().__aenter__()
    finally:
        loop.set_task_factory(usual)

    entered = "abc"[: "abc".index(refused)]
    up, down = [f"+{one}" for one in entered], [f"-{one}" for one in entered]
    assert log == [*up, *reversed(down)]
    assert registry.current_run() is None


def _make_task(loop: Any, life: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(life, loop=loop, **options)
