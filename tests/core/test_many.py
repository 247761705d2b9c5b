"""Ten thousand lifespans are no other thing than ten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import StartupError
from tests.tracked import boom, tracked

MANY = 10_000


@pytest.fixture(autouse=True)
def _without_debug(anyio_backend: tuple[str, dict[str, object]]) -> None:
    """asyncio's debug mode keeps the stack of every task: that is not in question."""
    anyio_backend[1]["debug"] = False


def names(log: list[str], sign: str) -> list[str]:
    """Return who has left *sign* in *log*, in that order."""
    return [one[1:] for one in log if one[0] == sign]


async def test_independent(registry: Registry, log: list[str]) -> None:
    """Ten thousand that are independent start in their order, and stop in reverse."""
    everybody = [f"n{number}" for number in range(MANY)]
    for name in everybody:
        tracked(registry, log, name)
    before = asyncio.all_tasks()

    async with registry.run() as run:
        assert len(run.state) == MANY

    assert names(log, "+") == everybody
    assert names(log, "-") == everybody[::-1]
    assert asyncio.all_tasks() == before


async def test_chain(registry: Registry, log: list[str]) -> None:
    """A chain of ten thousand starts and stops, and meets no limit of recursion."""
    everybody = [f"n{number}" for number in range(MANY)]
    needs: list[str] = []
    for name in everybody:
        tracked(registry, log, name, requires=needs)
        needs = [name]

    async with registry.run() as run:
        assert len(run.state) == MANY

    assert names(log, "+") == everybody
    assert names(log, "-") == everybody[::-1]


async def test_chain_whose_last_one_fails(registry: Registry, log: list[str]) -> None:
    """The whole chain is unwound when its last lifespan fails."""
    everybody = [f"n{number}" for number in range(MANY)]
    needs: list[str] = []
    for name in everybody:
        tracked(registry, log, name, requires=needs)
        needs = [name]
    tracked(registry, log, "last", requires=needs, enter=boom())

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert [origin.name for origin in caught.value.origins] == ["last"]
    assert names(log, "-") == everybody[::-1]


async def test_many_wait_for_one(registry: Registry, log: list[str]) -> None:
    """One that ten thousand wait for starts before and stops after all of them."""
    started: list[str] = []

    @registry.on_lifespan
    async def one() -> AsyncIterator[str]:
        started.append("one")
        yield "one"
        log.append("-one")

    everybody = [f"n{number}" for number in range(MANY)]
    for name in everybody:
        tracked(registry, log, name, requires=one)

    async with registry.run():
        assert names(log, "+") == everybody

    assert started == ["one"]
    assert names(log, "-") == [*everybody[::-1], "one"]
