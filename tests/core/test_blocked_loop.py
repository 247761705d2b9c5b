"""A lifespan that blocks the event loop uses up nobody's time but its own."""

from __future__ import annotations

import time

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.conductor import Limits
from lifespan_registry.exceptions import (
    ShutdownError,
    ShutdownTimeoutError,
    StartupError,
    StartupTimeoutError,
)
from tests.core.waiting import DEADLINE, Gate, some_steps
from tests.tracked import tracked

SHORT = 0.05
BLOCKED = 0.4


@pytest.fixture(autouse=True)
def _long_limits(registry: Registry) -> None:
    """Whoever is to run out of time here says so; the others have plenty."""
    registry.limits = Limits(startup=DEADLINE, shutdown=DEADLINE)


def block() -> None:
    """Keep the loop from everything else, past the time of others."""
    time.sleep(BLOCKED)


async def test_start(registry: Registry, log: list[str]) -> None:
    """One that waits during the start does not time out because another blocks."""
    tracked(registry, log, "client", enter=some_steps, startup_timeout=SHORT)
    tracked(registry, log, "model", enter=block)

    async with registry.run():
        log.append("up")

    assert log == ["+model", "+client", "up", "-model", "-client"]


async def test_stop(registry: Registry, log: list[str]) -> None:
    """One that waits during the stop does not time out because another blocks."""
    tracked(registry, log, "model", leave=block)
    tracked(registry, log, "client", leave=some_steps, shutdown_timeout=SHORT)

    async with registry.run():
        log.append("up")

    assert log == ["+model", "+client", "up", "-model", "-client"]


async def test_start_that_hangs_all_the_same(
    registry: Registry, log: list[str]
) -> None:
    """Who gets the time of a block back, and does not start in it, times out."""
    tracked(registry, log, "hung", enter=Gate().wait, startup_timeout=SHORT)
    tracked(registry, log, "model", enter=block)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+model", "-model"]
    (error,) = caught.value.exceptions
    assert isinstance(error, StartupTimeoutError)


async def test_stop_that_hangs_all_the_same(registry: Registry, log: list[str]) -> None:
    """Who gets the time of a block back, and does not stop in it, is cancelled."""
    tracked(registry, log, "model", leave=block)
    tracked(registry, log, "hung", leave=Gate().wait, shutdown_timeout=SHORT)

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+model", "+hung", "up", "-model"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
