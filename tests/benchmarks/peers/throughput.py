"""How many requests a second come through a real Uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from tests.benchmarks.measure import interleaved
from tests.benchmarks.peers.cells import Line, median, ratio_cells
from tests.benchmarks.peers.load import ask
from tests.peers.forms import Around
from tests.peers.known import Peer
from tests.servers.ports import free_port
from tests.servers.process import Process

RATE = "requests a second through Uvicorn (more is better)"
BARE = f"{RATE}, an application that does nothing"
DJANGO = f"{RATE}, a view of Django that reads a value"


async def throughput(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure servers that are all up, and that are asked in turns."""
    for text, inner, around, count in (
        (BARE, "nothing", {Around.ANYTHING}, 1_500),
        (DJANGO, "django", {Around.ANYTHING, Around.DJANGO}, 150),
    ):
        names = {
            peer.title: peer.module for peer in peers if peer.form.AROUND in around
        }
        with contextlib.ExitStack() as stack:
            ports = {
                title: (free_port(), name) for title, name in {"": "", **names}.items()
            }
            servers = [
                stack.enter_context(uvicorn(port, name, inner))
                for port, name in ports.values()
            ]
            for server in servers:
                await asyncio.to_thread(server.wait_for, "running on")
            variants = {
                title: asking(port, server.pid, count)
                for (title, (port, _)), server in zip(
                    ports.items(), servers, strict=True
                )
            }
            results = await interleaved(variants, 1 if quick else 60, warm_up=1)
        base = results.pop("")
        against = f"no wrapper: {median(base, 1, 'a second')}"
        yield Line(text, against, ratio_cells(results, base))


def uvicorn(port: int, name: str, inner: str) -> Process:
    """Serve one peer; a bare application has no lifespan."""
    return Process(
        "uvicorn",
        *("--factory", "tests.benchmarks.peers.served:application"),
        *("--port", str(port), "--no-access-log"),
        *("--lifespan", "on" if name else "off"),
        environment={"PEER": name, "INNER": inner},
    )


def asking(port: int, pid: int, count: int) -> Callable[[], Awaitable[float]]:
    """Return a measurement of the server on *port*, the process *pid*.

    A second is one of its processor: as fast would it be with a core for itself.
    """

    async def measure() -> float:
        began = processor_time(pid)
        await ask(port, count)
        return count / (processor_time(pid) - began)

    return measure


def processor_time(pid: int) -> float:
    """Return the seconds that process has had; elsewhere than on Linux, the time."""
    if sys.platform == "linux":
        # What clock_getcpuclockid() returns, which Python has for threads alone.
        return time.clock_gettime((~pid << 3) | 2)
    return time.perf_counter()
