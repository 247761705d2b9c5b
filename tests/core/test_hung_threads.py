"""A thread cannot be interrupted: one that hangs is left behind."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core import conductor
from lifespan_registry._core.definition import Limits
from lifespan_registry.exceptions import (
    ShutdownError,
    ShutdownTimeoutError,
    StartupError,
    StartupTimeoutError,
)
from tests.core.waiting import DEADLINE, Gate, errors, place, until
from tests.tracked import tracked

SHORT = 0.05
LEFT_BEHIND = "is given up, and left behind: its thread cannot be interrupted"


@pytest.fixture(autouse=True)
def _no_limits(registry: Registry) -> None:
    """Whoever is to run out of time here says so; the others never do."""
    registry.limits = Limits(startup=math.inf, shutdown=math.inf)


async def test_enter_never_ends(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is left behind soon after its time to start, whatever it has to stop."""
    monkeypatch.setattr(conductor, "GRACE", SHORT)
    gate = Gate()

    def hung() -> Iterator[None]:
        yield gate.block()

    tracked(registry, log, "a", sync=True)
    registry.on_lifespan(requires="a", startup_timeout=SHORT)(hung)
    tracked(registry, log, "b", sync=True, requires="a")
    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()
    gate.open()

    assert log == ["+a", "+b", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, StartupTimeoutError)
    assert str(error).startswith(
        f"'hung' ({place(hung)}) has not started within 0.05 s "
        f"(it is at {place(hung, 1)}).\n"
    )
    assert caught.value.cleanup == ()
    assert run.report["hung"].error is error
    assert errors(caplog) == [
        f"'hung' ({place(hung)}) takes too long to start: giving up the start",
        f"'hung' ({place(hung)}) {LEFT_BEHIND}",
    ]


async def test_enter_ends_late(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it still opens shortly after its time is closed in its thread."""
    monkeypatch.setattr(conductor, "GRACE", DEADLINE)
    gate = Gate()
    late = tracked(
        registry, log, "late", sync=True, enter=gate.block, startup_timeout=SHORT
    )
    said = f"{late.definition.origin} takes too long to start: giving up the start"

    async def open_when_given_up() -> None:
        await until(lambda: said in errors(caplog))
        gate.open()

    task = asyncio.create_task(open_when_given_up())
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    await task

    assert log == ["+late", "-late"]
    assert [type(one) for one in caught.value.exceptions] == [StartupTimeoutError]
    assert caught.value.cleanup == ()
    assert errors(caplog) == [said]


async def test_exit_never_ends(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is left behind when its time to stop is up; the others are exited."""
    monkeypatch.setattr(conductor, "GRACE", math.inf)
    gate = Gate()

    def hung() -> Iterator[None]:
        yield
        gate.block()

    tracked(registry, log, "a", sync=True)
    registry.on_lifespan(requires="a", shutdown_timeout=SHORT)(hung)
    tracked(registry, log, "b", sync=True, requires="hung")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")
    gate.open()

    assert log == ["+a", "+b", "up", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
    assert isinstance(error, TimeoutError)
    assert (error.ignored, error.in_thread) == (True, True)
    assert str(error) == (
        f"'hung' ({place(hung)}) has not stopped within 0.05 s "
        f"(it is at {place(hung, 2)}).\n"
        "Its thread, which nothing can interrupt, has been left behind. Allow it more "
        "with @on_lifespan(shutdown_timeout=...), or all of them with "
        'LIFESPAN_REGISTRY = {"SHUTDOWN_TIMEOUT": ...}.'
    )
    assert errors(caplog) == [f"'hung' ({place(hung)}) {LEFT_BEHIND}"]
