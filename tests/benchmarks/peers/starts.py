"""How long a start and a stop take, of slow lifespans and of many."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from tests.benchmarks.measure import interleaved
from tests.benchmarks.peers.cells import Line, median, ratio_cells
from tests.benchmarks.requests import nothing, served
from tests.benchmarks.runs import FEW, LAYERS, MANY, NAP, WIDTH
from tests.peers.forms import Application, Function, in_chains
from tests.peers.known import HAND_WRITTEN, Peer

INDEPENDENT = f"{LAYERS * WIDTH} independent ones of 50 ms"
LAYERED = f"{LAYERS} layers of {WIDTH} of 50 ms"

REGISTRATION = f"registration of {MANY:,} trivial ones, each"


def napping(nap: float, *, parameter: bool) -> Function:
    """Return a lifespan that takes *nap* seconds to start, and as many to stop."""

    async def slow() -> AsyncIterator[dict[str, Any]]:
        await asyncio.sleep(nap)
        yield {}
        await asyncio.sleep(nap)

    async def slow_of(app: Any) -> AsyncIterator[dict[str, Any]]:
        await asyncio.sleep(nap)
        yield {}
        await asyncio.sleep(nap)

    return slow_of if parameter else slow


async def trivial() -> AsyncIterator[dict[str, Any]]:
    """Take no time."""
    yield {}


async def trivial_of(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Take no time, but the application."""
    yield {}


class Took(NamedTuple):
    """How many seconds a start and a stop have taken."""

    start: float
    stop: float


async def timed(
    app: Application, clock: Callable[[], float] = time.perf_counter
) -> Took:
    """Start *app* as a server does, and stop it."""
    run = served(app, {})
    began = clock()
    await run.__aenter__()
    started = clock()
    await run.__aexit__(None, None, None)
    return Took(started - began, clock() - started)


# --- slow ones ------------------------------------------------------------------------


def independent(peer: Peer, nap: float) -> Application:
    """Return an application with slow lifespans that wait for nothing."""
    function = napping(nap, parameter=peer.form.PARAMETER)
    app: Application = peer.form.application([function] * (LAYERS * WIDTH), nothing)
    return app


def layered(peer: Peer, nap: float) -> Application:
    """Return one with layers, each lifespan needing one of the layer below."""
    function = napping(nap, parameter=peer.form.PARAMETER)
    return in_chains(peer.form, [[function] * LAYERS] * WIDTH, nothing)


async def slow_starts(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure slow lifespans against the longest path through them."""
    nap, rounds, warm_up = (NAP / 10, 1, 0) if quick else (NAP, 5, 1)
    for text, make, path in (
        (INDEPENDENT, independent, 1),
        (LAYERED, layered, LAYERS),
    ):

        def starting(
            peer: Peer, make: Callable[[Peer, float], Application] = make
        ) -> Callable[[], Awaitable[Took]]:
            # An application of some peers can be started only once.
            return lambda: timed(make(peer, nap))

        variants = {peer.title: starting(peer) for peer in peers}
        results = await interleaved(variants, rounds, warm_up=warm_up)
        seconds = [path * nap] * rounds
        for part in Took._fields:
            took = {
                name: [getattr(one, part) for one in results[name]] for name in results
            }
            against = f"the longest path: {path * nap * 1e3:g} ms"
            yield Line(f"{part} of {text}", against, ratio_cells(took, seconds))


# --- many -----------------------------------------------------------------------------


async def many_starts(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure trivial ones, each time in a process of its own."""
    rounds = 1 if quick else 9
    for count in (FEW,) if quick else (FEW, MANY):
        variants = {peer.title: in_process(peer, count) for peer in peers}
        results = await interleaved(variants, rounds, warm_up=0)
        for part in ("registration", *Took._fields):
            if part == "registration" and count != MANY:
                continue
            took = {
                name: [one[part] / count for one in results[name]] for name in results
            }
            base = took[HAND_WRITTEN.title]
            against = f"{HAND_WRITTEN.title}: {median(base, 1e6, 'µs')}"
            text = f"{part} of {count:,} trivial ones, each"
            yield Line(text, against, ratio_cells(took, base))


def in_process(
    peer: Peer, count: int, *, memory: bool = False
) -> Callable[[], Awaitable[Any]]:
    """Return a measurement in a new process, which gives what `many` prints."""
    arguments = [peer.module, str(count), *(["--memory"] if memory else [])]

    async def measure() -> Any:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.benchmarks.peers.many",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate()
        # What has gone wrong, the process has said.
        assert child.returncode == 0, arguments
        return json.loads(out)

    return measure
