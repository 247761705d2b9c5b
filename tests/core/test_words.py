"""What a run and a registry say of themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import CrashedError
from tests.core.waiting import named, until
from tests.tracked import tracked


async def test_run_says_how_far_it_is(registry: Registry, log: list[str]) -> None:
    """The representation of a run counts its lifespans by their status."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    run = registry.run()
    assert repr(run) == "<Run: not started>"

    async with run:
        assert repr(run) == "<Run: 2 started>"
    assert repr(run) == "<Run: 2 stopped>"

    async with Registry().run() as empty:
        assert repr(empty) == "<Run: nothing in it>"


async def test_value_during_the_cleanup_of_a_crash(
    registry: Registry, log: list[str]
) -> None:
    """While a crashed lifespan cleans up, it is known when it crashed, not of what."""
    said: list[str] = []

    @registry.on_lifespan
    async def worker() -> AsyncIterator[str]:
        try:
            yield "worker"
        finally:
            with pytest.raises(CrashedError) as caught:
                worker.get()
            said.append(caught.value.detail)

    async with registry.run():
        named("lifespan worker").cancel()
        await until(lambda: said)

    assert len(said) == 1
    assert said[0].startswith("at ")
    assert ", of " not in said[0]
