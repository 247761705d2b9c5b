"""Rows 6 and 7: what the import takes, and what lifespans occupy."""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import lifespan_registry
from lifespan_registry import Registry
from tests.benchmarks.measure import Quartiles, Row, interleaved

COUNT = 10_000

IMPORT = """
from time import {clock} as clock
import django.core.asgi
began = clock()
{statement}
print(clock() - began)
"""


@contextlib.contextmanager
def imports(
    clock: str = "perf_counter",
) -> Iterator[Callable[[str], Callable[[], Awaitable[float]]]]:
    """Give what makes a measurement of a statement that imports something.

    Each one is in a new interpreter, which has imported Django, and returns the
    milliseconds by that *clock* of the module `time`.
    """
    with tempfile.TemporaryDirectory() as cache:
        # Bytecode is there, as it is after an installation.
        environ = {
            **os.environ,
            "PYTHONPATH": str(Path(lifespan_registry.__file__).parents[1]),
            "PYTHONPYCACHEPREFIX": cache,
        }
        environ.pop("PYTHONDONTWRITEBYTECODE", None)

        def importing(statement: str) -> Callable[[], Awaitable[float]]:
            async def measure() -> float:
                code = IMPORT.format(clock=clock, statement=statement)
                command = [sys.executable, "-c", code]
                return float(subprocess.check_output(command, env=environ)) * 1e3  # noqa: ASYNC221

            return measure

        yield importing


async def row_6(*, quick: bool) -> AsyncIterator[Row]:
    """Measure the import."""
    with imports() as importing:
        public = "import lifespan_registry, lifespan_registry.asgi"
        results = await interleaved(
            {
                "without": importing("pass"),
                "with": importing(public),
                "engine": importing(f"{public}; lifespan_registry.Registry().run()"),
            },
            5 if quick else 40,
        )
    base = statistics.median(results["without"])
    for name, text, limit in (
        ("with", "import of lifespan_registry and its asgi, after Django's", 3),
        ("engine", "the same and the first run(), which loads the engine", None),
    ):
        value = Quartiles.of(one - base for one in results[name])
        yield Row(
            6,
            text,
            f"{value.median:.1f} ms",
            "an import of nothing",
            value,
            " ms",
            limit,
        )


def functions() -> list[Callable[[], AsyncIterator[int]]]:
    """Return as many functions as there are to be lifespans."""

    def make() -> Callable[[], AsyncIterator[int]]:
        async def trivial() -> AsyncIterator[int]:
            yield 1

        return trivial

    return [make() for _ in range(COUNT)]


def occupied() -> int:
    """Return how many bytes are in use."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def row_7(*, quick: bool) -> AsyncIterator[Row]:
    """Measure the memory of lifespans, and of what an exit stack keeps of them."""
    del quick
    names = [f"n{place}" for place in range(COUNT)]
    managers = [contextlib.asynccontextmanager(one) for one in functions()]
    several = functions()
    registry = Registry()
    # The first run loads the engine.
    async with registry.run():
        pass
    tracemalloc.start()
    try:
        before = occupied()
        async with contextlib.AsyncExitStack() as stack:
            for manager in managers:
                await stack.enter_async_context(manager())
            entry = (occupied() - before) / COUNT
        before = occupied()
        for name, function in zip(names, several, strict=True):
            registry.on_lifespan(name=name)(function)
        registration = (occupied() - before) / COUNT
        before = occupied()
        async with registry.run():
            entered = (occupied() - before) / COUNT
    finally:
        tracemalloc.stop()
    against = f"{entry:,.0f} B (an AsyncExitStack entry)"
    for text, size, other, limit in (
        ("memory of a trivial one that is up", entered, against, 4.0),
        ("memory of a registration", registration, "", None),
    ):
        value = Quartiles.of([size / 1024])
        yield Row(7, text, f"{size:,.0f} B", other, value, " KiB", limit)
