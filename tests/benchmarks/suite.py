"""Row 9: what a test pays that starts lifespans for itself."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tests.benchmarks.measure import Quartiles, Row, interleaved
from tests.benchmarks.runs import flat, trivial

TESTS, COUNT = 200, 20


async def row_9(*, quick: bool) -> AsyncIterator[Row]:
    """Measure tests that start and stop all, against an `AsyncExitStack` in each."""
    registry = flat(COUNT)
    manager = asynccontextmanager(trivial)

    async def ours() -> float:
        began = time.perf_counter()
        for _ in range(TESTS):
            async with registry.run():
                pass
        return (time.perf_counter() - began) / TESTS

    async def stack() -> float:
        began = time.perf_counter()
        for _ in range(TESTS):
            async with AsyncExitStack() as stack:
                for _ in range(COUNT):
                    await stack.enter_async_context(manager())
        return (time.perf_counter() - began) / TESTS

    def in_thread() -> float:
        began = time.perf_counter()
        for _ in range(TESTS):
            with registry.run_in_thread():
                pass
        return (time.perf_counter() - began) / TESTS

    async def sync() -> float:
        return await asyncio.to_thread(in_thread)

    rounds = 3 if quick else 15
    results = await interleaved({"ours": ours, "stack": stack, "sync": sync}, rounds)
    bare = statistics.median(results["stack"])
    for name, what in (("ours", "async test"), ("sync", "sync test, with a loop")):
        extra = [
            (one - 1.2 * other) * 1e3
            for one, other in zip(results[name], results["stack"], strict=True)
        ]
        yield Row(
            9,
            f"{what} that runs {COUNT} trivial ones: over 1.2 times the stack's",
            f"{statistics.median(results[name]) * 1e3:.2f} ms",
            f"{bare * 1e3:.2f} ms (an AsyncExitStack)",
            Quartiles.of(extra),
            " ms",
            1 if name == "ours" else None,
        )
