"""What a request pays, and what a value costs to read in a view.

All of it is time of the processor: nothing here waits for anything.
"""

from __future__ import annotations

import contextlib
import gc
import time
import timeit
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application

from tests.benchmarks import requests
from tests.benchmarks.measure import interleaved
from tests.benchmarks.peers.cells import Line, median, ratio_cells
from tests.benchmarks.requests import SCOPE, driver, nothing, overheads, served
from tests.peers.forms import Around
from tests.peers.known import HAND_WRITTEN, Peer

REQUEST = "request around an application that does nothing: overhead"
DJANGO = "request, Django's handler with one async view"
READ = "reading a value in a view"


async def overhead(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure the overhead around an application that does nothing."""
    times, rounds = (200, 20) if quick else (2_000, 300)
    async with contextlib.AsyncExitStack() as stack:
        variants = {"bare": driver(nothing, times, {"x": None}, time.process_time)}
        for peer in peers:
            if peer.form.AROUND is Around.ANYTHING:
                state: dict[str, Any] = {}
                app = peer.form.with_value(object(), nothing)
                await stack.enter_async_context(served(app, state))
                variants[peer.title] = driver(app, times, state, time.process_time)
        results = await interleaved(variants, rounds)
    yield beside_hand_written(REQUEST, results)


async def through_django(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure a request that Django answers."""
    times, rounds = (10, 10) if quick else (20, 500)
    bare = get_asgi_application()
    async with contextlib.AsyncExitStack() as stack:
        variants = {"bare": request_through(bare, times, {"x": None})}
        for peer in peers:
            if peer.form.AROUND is not Around.NOTHING:
                state: dict[str, Any] = {}
                app = peer.form.with_value(object(), bare)
                await stack.enter_async_context(served(app, state))
                variants[peer.title] = request_through(app, times, state)
        results = await interleaved(variants, rounds)
    base = results.pop("bare")
    against = f"Django alone: {median(base, 1e6, 'µs')}"
    yield Line(DJANGO, against, ratio_cells(results, base))


def request_through(
    app: Any, times: int, state: dict[str, Any]
) -> Callable[[], Awaitable[float]]:
    """Return a measurement of a request to Django by *app*."""
    return lambda: requests.drive_django(app, times, state, time.process_time)


def set_up() -> None:
    """Have a project of one view."""
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"], MIDDLEWARE=[], ROOT_URLCONF=requests.__name__
        )
    django.setup()


async def reading(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure how long a view of the peer's own takes to read a value."""
    times, rounds = (2_000, 20) if quick else (20_000, 200)
    async with contextlib.AsyncExitStack() as stack:
        variants = {"bare": timing("pass", {}, times)}
        for peer in peers:
            if (read := peer.form.READ) is not None:
                state: dict[str, Any] = {}
                app = peer.form.with_value(object(), nothing)
                await stack.enter_async_context(served(app, state))
                names = peer.form.read_in(app, {**SCOPE, "state": state.copy()})
                variants[peer.title] = timing(read, names, times)
        results = await interleaved(variants, rounds)
    yield beside_hand_written(READ, results)


def beside_hand_written(what: str, results: dict[str, list[float]]) -> Line:
    """Compare what each of *results* takes longer than the bare thing."""
    extra = {name: overheads(results, name) for name in results if name != "bare"}
    base = extra[HAND_WRITTEN.title]
    against = f"{HAND_WRITTEN.title}: {median(base, 1e9, 'ns')}"
    return Line(what, against, ratio_cells(extra, base))


def timing(
    statement: str, names: dict[str, Any], times: int
) -> Callable[[], Awaitable[float]]:
    """Return a measurement of *statement*, which uses *names*."""
    # The collector, which timeit turns off, is on in a server. In a view, the request
    # is a local name, and the others are names of its module.
    setup = "_gc.enable(); request = _request"
    known = {**names, "_gc": gc, "_request": names.get("request")}
    timer = timeit.Timer(statement, setup, time.process_time, globals=known)

    async def measure() -> float:
        return timer.timeit(times) / times

    return measure
