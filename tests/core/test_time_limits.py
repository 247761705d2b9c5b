"""Nothing waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry._core import conductor
from lifespan_registry._core.conductor import Limits
from lifespan_registry.exceptions import (
    ShutdownError,
    ShutdownTimeoutError,
    StartupError,
    StartupTimeoutError,
)
from tests.core.waiting import DEADLINE, Gate, both, place, until
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


def hung_at_enter(
    registry: Registry, gate: Gate, *, sync: bool
) -> tuple[Lifespan[None], str, str]:
    """Register one that waits at *gate*; return it, its place, and where it waits."""

    async def hung() -> AsyncIterator[None]:
        yield await gate.wait()

    def sync_hung() -> Iterator[None]:
        yield gate.block()

    function = sync_hung if sync else hung
    lifespan = registry.on_lifespan(
        name="hung", requires="a", startup_timeout=SHORT, shutdown_timeout=SHORT
    )(function)
    return lifespan, place(function), place(function, 1)


def hung_at_exit(
    registry: Registry, gate: Gate, *, sync: bool
) -> tuple[Lifespan[None], str, str]:
    """Register one that waits at *gate*; return it, its place, and where it waits."""

    async def hung() -> AsyncIterator[None]:
        yield
        await gate.wait()

    def sync_hung() -> Iterator[None]:
        yield
        gate.block()

    function = sync_hung if sync else hung
    lifespan = registry.on_lifespan(name="hung", requires="a", shutdown_timeout=SHORT)(
        function
    )
    return lifespan, place(function), place(function, 2)


@both
@pytest.mark.usefixtures("no_grace")
async def test_enter_never_ends(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """It fails the start with its place and where it waits; the others are exited."""
    gate = Gate()
    tracked(registry, log, "a", sync=sync)
    _, where, at = hung_at_enter(registry, gate, sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    gate.open()

    assert log == ["+a", "+b", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, StartupTimeoutError)
    assert isinstance(error, TimeoutError)
    assert str(error).startswith(
        f"'hung' ({where}) has not started within 0.05 s (it is at {at}).\n"
    )
    assert str(error).splitlines()[0] in str(caught.value)


@both
async def test_exit_never_ends(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    sync: bool,
) -> None:
    """It is named in the log and cancelled; the others are exited in their order."""
    monkeypatch.setattr(conductor, "GRACE", SHORT if sync else DEADLINE)
    gate = Gate()
    tracked(registry, log, "a", sync=sync)
    _, where, at = hung_at_exit(registry, gate, sync=sync)
    tracked(registry, log, "b", sync=sync, requires="hung")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")
    gate.open()

    assert log == ["+a", "+b", "up", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
    assert isinstance(error, TimeoutError)
    assert str(error).startswith(
        f"'hung' ({where}) has not stopped within 0.05 s (it is at {at}).\n"
    )
    assert error.ignored == sync
    assert f"'hung' ({where}) takes too long to stop: cancelling it" in caplog.text


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
    assert f"{origin} takes too long to stop: cancelling it" in caplog.text
    assert f"{origin} ignores that it is cancelled: giving it up" in caplog.text
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
    ((_, left_behind),) = caught.value.cleanup
    assert isinstance(left_behind, ShutdownTimeoutError)
    assert left_behind.ignored
    origin = hung.definition.origin
    assert f"{origin} ignores that it is cancelled: giving it up" in caplog.text
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
