"""Which time limit counts, and for how long."""

from __future__ import annotations

import asyncio
import math

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.conductor import Limits
from lifespan_registry.exceptions import StartupError
from tests.core.waiting import DEADLINE, Gate
from tests.tracked import tracked

SHORT = 0.05


async def test_own_limit_comes_first(registry: Registry, log: list[str]) -> None:
    """The limit of a lifespan replaces the one of the registry, both ways."""
    registry.limits = Limits(startup=SHORT, shutdown=DEADLINE)
    gate = Gate()
    tracked(registry, log, "patient", enter=gate.wait, startup_timeout=math.inf)
    tracked(registry, log, "usual", enter=gate.wait)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert [origin.name for origin in caught.value.origins] == ["usual"]
    assert log == []


async def test_limit_of_who_has_started_is_off(
    registry: Registry, log: list[str]
) -> None:
    """A time limit for the start says nothing about the time after it."""
    tracked(registry, log, "quick", startup_timeout=SHORT)
    tracked(registry, log, "slow", enter=lambda: asyncio.sleep(SHORT * 3))

    async with registry.run():
        log.append("up")

    assert log == ["+quick", "+slow", "up", "-slow", "-quick"]


async def test_limit_of_no_time_at_all(registry: Registry, log: list[str]) -> None:
    """Whoever needs no time to start is never late."""
    tracked(registry, log, "a", startup_timeout=1e-9)
    tracked(registry, log, "b", requires="a", startup_timeout=1e-9)

    async with registry.run():
        log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]


async def test_class_that_hangs(registry: Registry) -> None:
    """Of what is no generator, the error says who it is, and not where it waits."""

    class Hung:
        async def __aenter__(self) -> None:
            await Gate().wait()

        async def __aexit__(self, *args: object) -> None: ...

    registry.on_lifespan(name="hung", startup_timeout=SHORT)(Hung)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    (error,) = caught.value.exceptions
    assert str(error).startswith(
        f"{caught.value.origins[0]} has not started within 0.05 s.\n"
    )
