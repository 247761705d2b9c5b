"""Lifespans start as early as possible, and stop as early as possible in reverse."""

from __future__ import annotations

import asyncio
import threading

from lifespan_registry import Registry
from tests.core.waiting import DEADLINE, Gate, both, until
from tests.tracked import Hook, tracked


def meeting(parties: int, *, sync: bool) -> Hook:
    """Return a hook that holds a lifespan until *parties* of them are there."""
    if sync:
        return threading.Barrier(parties, timeout=DEADLINE).wait
    return asyncio.Barrier(parties).wait


@both
async def test_independent_ones_start_together(
    registry: Registry, *, sync: bool
) -> None:
    """Lifespans that wait for nothing are all entering at the same time."""
    together = meeting(20, sync=sync)
    for number in range(20):
        tracked(registry, [], f"n{number}", sync=sync, enter=together)

    async with registry.run() as run:
        assert len(run.state) == 20


@both
async def test_independent_ones_stop_together(
    registry: Registry, *, sync: bool
) -> None:
    """Lifespans that nothing waits for are all exiting at the same time."""
    together = meeting(20, sync=sync)
    for number in range(20):
        tracked(registry, [], f"n{number}", sync=sync, leave=together)

    async with registry.run() as run:
        assert len(run.state) == 20

    assert len(run.state) == 0


@both
async def test_graph_starts_and_stops_by_layers(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """Each layer is entered together once the one below is, and exited in reverse."""
    layers = 4
    width = 5
    below: list[str] = []
    for layer in range(layers):
        at_start, at_stop = meeting(width, sync=sync), meeting(width, sync=sync)
        names = [f"{layer}.{number}" for number in range(width)]
        for name in names:
            tracked(
                registry,
                log,
                name,
                sync=sync,
                requires=below,
                enter=at_start,
                leave=at_stop,
            )
        below = names

    async with registry.run():
        log.append("up")

    order = [one[:2] for one in log]
    ups = [f"+{layer}" for layer in range(layers) for _ in range(width)]
    downs = [f"-{layer}" for layer in reversed(range(layers)) for _ in range(width)]
    assert order == [*ups, "up", *downs]


@both
async def test_start_waits_for_its_own_needs_alone(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """A lifespan starts as soon as what it waits for has, whatever else is slow."""
    gate = Gate()
    tracked(registry, log, "slow", sync=sync, enter=gate.hook(sync=sync))
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")
    tracked(registry, log, "after slow", sync=sync, requires="slow")

    async def open_when_b_is_up() -> None:
        await until(lambda: "+b" in log)
        gate.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(open_when_b_is_up())
        async with registry.run():
            log.append("up")

    assert log[:5] == ["+a", "+b", "+slow", "+after slow", "up"]
    downs = log[5:]
    assert downs.index("-b") < downs.index("-a")
    assert downs.index("-after slow") < downs.index("-slow")
    assert len(downs) == 4


@both
async def test_stop_waits_for_its_own_dependants_alone(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """A lifespan is exited as soon as those that wait for it are, whatever is slow."""
    gate = Gate()
    tracked(registry, log, "below slow", sync=sync)
    tracked(
        registry,
        log,
        "slow",
        sync=sync,
        requires="below slow",
        leave=gate.hook(sync=sync),
    )
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")

    async def open_when_a_is_down() -> None:
        await until(lambda: "-a" in log)
        gate.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(open_when_a_is_down())
        async with registry.run():
            log.clear()

    assert log == ["-b", "-a", "-slow", "-below slow"]


async def test_diamond(registry: Registry, log: list[str]) -> None:
    """Both arms of a diamond start together; its ends wait for both."""
    arms = meeting(2, sync=False)
    arms_down = meeting(2, sync=False)
    tracked(registry, log, "bottom")
    tracked(registry, log, "left", requires="bottom", enter=arms, leave=arms_down)
    tracked(registry, log, "right", requires="bottom", enter=arms, leave=arms_down)
    tracked(registry, log, "top", requires=["left", "right"])

    async with registry.run():
        log.append("up")

    assert [log[0], *log[3:6], log[-1]] == ["+bottom", "+top", "up", "-top", "-bottom"]
    assert sorted(log[1:3]) == ["+left", "+right"]
    assert sorted(log[6:8]) == ["-left", "-right"]


async def test_order_alone_waits_too(registry: Registry, log: list[str]) -> None:
    """``after=`` and ``before=`` hold at the stop as well as at the start."""
    first, last = Gate(), Gate()
    tracked(registry, log, "b", after="a", leave=last.wait)
    tracked(registry, log, "a", enter=first.wait)
    tracked(registry, log, "lone")

    async def open_both() -> None:
        await until(lambda: "+lone" in log)
        first.open()
        await until(lambda: "-lone" in log)
        last.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(open_both())
        async with registry.run():
            log.append("up")

    assert log == ["+lone", "+a", "+b", "up", "-lone", "-b", "-a"]


async def test_no_task_is_left(registry: Registry, log: list[str]) -> None:
    """No task is left after a run: each lifespan's own ends with its exit."""
    for name in "abc":
        tracked(registry, log, name, leave=lambda: asyncio.sleep(0))
    before = asyncio.all_tasks()

    async with registry.run():
        names = {one.get_name() for one in asyncio.all_tasks() - before}
        assert names == {"lifespan a", "lifespan b", "lifespan c"}

    assert asyncio.all_tasks() == before
    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]
