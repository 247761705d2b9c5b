"""Nothing waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

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


@pytest.fixture(autouse=True)
def _long_limits(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is to run out of time here says so; the others have plenty."""
    registry.limits = Limits(startup=DEADLINE, shutdown=DEADLINE)
    monkeypatch.setattr(conductor, "GRACE", DEADLINE)


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is cancelled is left behind almost at once."""
    monkeypatch.setattr(conductor, "GRACE", SHORT)


async def test_enter_never_ends(registry: Registry, log: list[str]) -> None:
    """It fails the start with its place and where it waits; the others are exited."""

    async def hung() -> AsyncIterator[None]:
        yield await Gate().wait()

    tracked(registry, log, "a")
    registry.on_lifespan(requires="a", startup_timeout=SHORT)(hung)
    tracked(registry, log, "b", requires="a")

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "+b", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, StartupTimeoutError)
    assert isinstance(error, TimeoutError)
    assert str(error).startswith(
        f"'hung' ({place(hung)}) has not started within 0.05 s "
        f"(it is at {place(hung, 1)}).\n"
    )
    assert str(error).splitlines()[0] in str(caught.value)
    assert caught.value.cleanup == ()


async def test_exit_never_ends(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log and cancelled; the others are exited in their order."""

    async def hung() -> AsyncIterator[None]:
        yield
        await Gate().wait()

    tracked(registry, log, "a")
    registry.on_lifespan(requires="a", shutdown_timeout=SHORT)(hung)
    tracked(registry, log, "b", requires="hung")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
    assert isinstance(error, TimeoutError)
    assert str(error).startswith(
        f"'hung' ({place(hung)}) has not stopped within 0.05 s "
        f"(it is at {place(hung, 2)}).\n"
        "It was cancelled (does it wait for a task that never ends?). "
    )
    assert (error.ignored, error.in_thread) == (False, False)
    assert errors(caplog) == [
        f"'hung' ({place(hung)}) takes too long to stop: cancelling it"
    ]


@pytest.mark.usefixtures("no_grace")
async def test_exit_ignores_cancellation(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log, and left behind; the others are exited."""
    gate = Gate()
    tracked(registry, log, "a")
    options = {"requires": "a", "shutdown_timeout": SHORT}
    hung = tracked(registry, log, "hung", leave=gate.insist, **options)
    tracked(registry, log, "b", requires="hung")
    origin = hung.definition.origin

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+hung", "+b", "up", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
    assert error.ignored
    assert "It was cancelled, did not react, and has been left behind." in str(error)
    assert errors(caplog) == [
        f"{origin} takes too long to stop: cancelling it",
        f"{origin} is given up, and left behind: it ignores its cancellation",
    ]
    gate.open()
    await until(lambda: log[-1] == "-hung")


@pytest.mark.usefixtures("no_grace")
async def test_enter_ignores_cancellation(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It fails the start, and is left behind; the others are exited."""
    gate = Gate()
    options = {"startup_timeout": SHORT, "shutdown_timeout": SHORT}
    tracked(registry, log, "a")
    hung = tracked(registry, log, "hung", requires="a", enter=gate.insist, **options)
    tracked(registry, log, "b", requires="a")

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "+b", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, StartupTimeoutError)
    assert caught.value.cleanup == ()
    origin = hung.definition.origin
    assert errors(caplog) == [
        f"{origin} takes too long to start: giving up the start",
        f"{origin} takes too long to stop: cancelling it",
        f"{origin} is given up, and left behind: it ignores its cancellation",
    ]
    gate.open()
    await until(lambda: log[4:] == ["+hung", "-hung"])


async def test_cancelled_exit_cleans_up(registry: Registry, log: list[str]) -> None:
    """An exit whose time is up may still clean up, and what that raises is kept."""
    gate = Gate()

    async def leave() -> None:
        try:
            await gate.wait()
        finally:
            log.append("cleaned up")
            raise OSError

    tracked(registry, log, "a", leave=leave, shutdown_timeout=SHORT)

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "up", "cleaned up"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
    assert isinstance(error.__cause__, OSError)
    assert not error.ignored


async def test_several_hang_at_once(registry: Registry, log: list[str]) -> None:
    """Hung exits that do not need one another run out of time together."""
    gate = Gate()
    everybody_is_cancelled = asyncio.Barrier(9)

    async def leave() -> None:
        try:
            await gate.wait()
        finally:
            await everybody_is_cancelled.wait()

    tracked(registry, log, "a")
    options = {"requires": "a", "leave": leave, "shutdown_timeout": SHORT}
    for name in "bcdefghij":
        tracked(registry, log, name, **options)

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.clear()

    assert sorted(origin.name for origin in caught.value.origins) == [*"bcdefghij"]
    assert log == ["-a"]
