"""Rows 3, 4 and 5: how long a start and a stop take."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

from lifespan_registry import Registry
from tests.benchmarks.measure import TIMES, Quartiles, Row, interleaved, ratios

NAP = 0.05
"""How many seconds a slow lifespan takes to start, and as many to stop."""

LAYERS, WIDTH = 5, 4
FEW, MANY = 1_000, 10_000


async def slow() -> AsyncIterator[None]:
    """Take its time."""
    await asyncio.sleep(NAP)
    yield
    await asyncio.sleep(NAP)


async def trivial() -> AsyncIterator[int]:
    """Take no time."""
    yield 1


class Took(NamedTuple):
    """How many seconds each part of a run has taken."""

    plan: float
    start: float
    stop: float


async def run(registry: Registry) -> Took:
    """Plan, start and stop all of *registry*."""
    began = time.perf_counter()
    registry.plan()
    planned = time.perf_counter()
    one = registry.run()
    await one.__aenter__()
    started = time.perf_counter()
    await one.__aexit__(None, None, None)
    # The start makes a plan of its own.
    plan = planned - began
    return Took(plan, started - planned, time.perf_counter() - started)


def independent(count: int = LAYERS * WIDTH) -> Registry:
    """Return a registry of slow ones that wait for nothing."""
    registry = Registry()
    for place in range(count):
        registry.on_lifespan(name=f"n{place}")(slow)
    return registry


def layered() -> Registry:
    """Return a registry of layers, each lifespan needing one of the layer below."""
    registry = Registry()
    for layer in range(LAYERS):
        for place in range(WIDTH):
            below = f"n{layer - 1}_{place}" if layer else ()
            registry.on_lifespan(name=f"n{layer}_{place}", requires=below)(slow)
    return registry


async def _against(
    number: int, text: str, registry: Registry, seconds: float, *, quick: bool
) -> AsyncIterator[Row]:
    async def ours() -> Took:
        return await run(registry)

    async def sleep() -> Took:
        began = time.perf_counter()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - began
        return Took(0, took, took)

    rounds = 5 if quick else 30
    results = await interleaved({"ours": ours, "sleep": sleep}, rounds)
    other = statistics.median(one.start for one in results["sleep"]) * 1e3
    for part in ("start", "stop"):
        mine = [getattr(one, part) for one in results["ours"]]
        value = Quartiles.of(one / seconds for one in mine)
        yield Row(
            number,
            f"{part} of {text}",
            f"{statistics.median(mine) * 1e3:,.1f} ms",
            f"{seconds * 1e3:g} ms (asyncio.sleep takes {other:,.1f})",
            value,
            TIMES,
            1.1,
        )


async def row_3(*, quick: bool) -> AsyncIterator[Row]:
    """Measure many that are independent against the slowest of them."""
    text = f"{LAYERS * WIDTH} independent ones of 50 ms"
    async for row in _against(3, text, independent(), NAP, quick=quick):
        yield row


async def row_4(*, quick: bool) -> AsyncIterator[Row]:
    """Measure layers against the longest path through them."""
    text = f"{LAYERS} layers of {WIDTH} of 50 ms"
    async for row in _against(4, text, layered(), LAYERS * NAP, quick=quick):
        yield row


def flat(count: int) -> Registry:
    """Return a registry of trivial ones that wait for nothing."""
    registry = Registry()
    for place in range(count):
        registry.on_lifespan(name=f"n{place}")(trivial)
    return registry


def chain(count: int) -> Registry:
    """Return a registry of trivial ones in a row, the last one registered first."""
    registry = Registry()
    for place in reversed(range(count)):
        before = f"n{place - 1}" if place else ()
        registry.on_lifespan(name=f"n{place}", requires=before)(trivial)
    return registry


async def row_5(*, quick: bool) -> AsyncIterator[Row]:
    """Measure whether the cost of one grows with the number of all."""
    rounds = 3 if quick else 15
    for text, make in (("trivial ones", flat), ("in a chain", chain)):
        few, many = make(FEW), make(MANY)

        async def per_few(registry: Registry = few) -> Took:
            return Took(*(one / FEW for one in await run(registry)))

        async def per_many(registry: Registry = many) -> Took:
            return Took(*(one / MANY for one in await run(registry)))

        results = await interleaved({"few": per_few, "many": per_many}, rounds)
        for part in Took._fields:
            ours, other = (
                [getattr(one, part) for one in results[name]]
                for name in ("many", "few")
            )
            yield Row(
                5,
                f"{part} of {MANY:,} {text}, each",
                f"{statistics.median(ours) * 1e6:.1f} µs",
                f"{statistics.median(other) * 1e6:.1f} µs (of {FEW:,})",
                ratios(ours, other),
                TIMES,
                2,
            )
