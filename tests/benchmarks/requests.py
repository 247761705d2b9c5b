"""Rows 1, 2 and 8: what a request pays, and what a value costs to read."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from tests.benchmarks.measure import TIMES, Quartiles, Row, interleaved, ratios

Drive = Callable[[Any, Any, Any], Awaitable[float]]

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"testserver"), (b"accept", b"*/*")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}


class HandWritten:
    """The wrapper that everybody writes, as far as requests see it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await self.app(scope, receive, send)


def hand_written_function(app: Any) -> Any:
    """Return the same as a function, which CPython calls faster than an object."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await app(scope, receive, send)

    return application


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Do what the fastest application of all does."""


async def silence(message: Any) -> None:
    """Send it nowhere."""


@contextlib.asynccontextmanager
async def served(app: Any, state: dict[str, Any]) -> AsyncIterator[None]:
    """Start *app* by the lifespan protocol, and stop it, as a server does."""
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
    task = asyncio.create_task(app(scope, inbox.get, outbox.put))
    for phase in ("startup", "shutdown"):
        await inbox.put({"type": f"lifespan.{phase}"})
        answer = await outbox.get()
        assert answer == {"type": f"lifespan.{phase}.complete"}, answer
        if phase == "startup":
            yield
    await task


def registry_of_one() -> Registry:
    """Return a registry with one lifespan, ``x``."""
    registry = Registry()

    @registry.on_lifespan
    async def x() -> AsyncIterator[object]:
        yield object()

    return registry


async def _drive(
    app: Any,
    times: int,
    state: dict[str, Any] | None,
    clock: Callable[[], float],
) -> float:
    """Call *app* so often; return the seconds for each.

    With *state*, each scope has a copy of it, as servers make one for each request.
    """
    if state is None:
        began = clock()
        for _ in range(times):
            await app({**SCOPE}, None, silence)
        return (clock() - began) / times
    began = clock()
    for _ in range(times):
        await app({**SCOPE, "state": state.copy()}, None, silence)
    return (clock() - began) / times


def driver(
    app: Any,
    times: int,
    state: dict[str, Any] | None,
    clock: Callable[[], float] = time.perf_counter,
) -> Any:
    """Return a `_drive` for *app* alone.

    CPython specialises a call in the code object for what it calls there: a shared one
    would be good for none of them, and in a server there is one application.
    """
    own = types.FunctionType(_drive.__code__.replace(), globals())
    return lambda: own(app, times, state, clock)


def overheads(results: dict[str, list[float]], name: str) -> list[float]:
    """Return what *name* took longer than the bare application, round by round."""
    return [
        one - bare for one, bare in zip(results[name], results["bare"], strict=True)
    ]


def _ns(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e9:,.0f} ns"


async def row_1(*, quick: bool) -> AsyncIterator[Row]:
    """Measure the overhead of the wrapper around an application that does nothing."""
    state: dict[str, Any] = {}
    times, rounds = (1_000, 100) if quick else (5_000, 400)
    registry = registry_of_one()
    ours = LifespanApplication(nothing, registry=registry)
    variants = {
        "bare": nothing,
        "ours": ours,
        "class": HandWritten(nothing),
        "function": hand_written_function(nothing),
    }
    async with served(ours, state):
        results = await interleaved(
            {name: driver(app, times, state) for name, app in variants.items()}, rounds
        )
    mine = overheads(results, "ours")
    text = "request, application that does nothing: overhead"
    for name, limit in (("class", 1.1), ("function", None)):
        hand = overheads(results, name)
        value = ratios(mine, hand)
        other = f"{_ns(hand)} (hand-written {name})"
        yield Row(1, text, _ns(mine), other, value, TIMES, limit)

    ours = LifespanApplication(nothing, registry=registry)
    async with registry.run():
        results = await interleaved(
            {
                "bare": driver(nothing, times, None),
                "ours": driver(ours, times, None),
            },
            rounds,
        )
    mine = overheads(results, "ours")
    text = "the same where the server gives no state: overhead"
    value = Quartiles.of(one * 1e9 for one in mine)
    yield Row(
        1, text, _ns(mine), f"{_ns(results['bare'])} (the bare call)", value, " ns"
    )


async def view(request: HttpRequest) -> HttpResponse:
    """Answer with as little as Django can."""
    return HttpResponse(b"ok")


urlpatterns = [path("", view)]


async def drive_django(
    app: Any,
    times: int,
    state: dict[str, Any],
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Send so many requests to Django by *app*; return the seconds for each."""
    has_body = True

    async def receive() -> Any:
        nonlocal has_body
        if has_body:
            has_body = False
            return {"type": "http.request", "body": b"", "more_body": False}
        return await asyncio.get_running_loop().create_future()

    began = clock()
    for _ in range(times):
        has_body = True
        await app({**SCOPE, "state": state.copy()}, receive, silence)
    return (clock() - began) / times


async def row_2(*, quick: bool) -> AsyncIterator[Row]:
    """Measure a request through the wrapper and Django's real handler."""
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=[], ROOT_URLCONF=__name__)
    django.setup()
    bare = get_asgi_application()
    ours = LifespanApplication(bare, registry=registry_of_one())
    state: dict[str, Any] = {}
    times, rounds = (10, 150) if quick else (20, 1_500)
    async with served(ours, state):
        results = await interleaved(
            {
                "bare": lambda: drive_django(bare, times, state),
                "ours": lambda: drive_django(ours, times, state),
            },
            rounds,
        )
    text = "request, Django's handler with one async view"
    mine, other = (
        f"{statistics.median(results[name]) * 1e6:,.1f} µs" for name in ("ours", "bare")
    )
    value = ratios(results["ours"], results["bare"])
    yield Row(2, text, mine, f"{other} (no wrapper)", value, TIMES, 1.01)


async def row_8(*, quick: bool) -> AsyncIterator[Row]:
    """Measure how long it takes to read a value."""
    registry = registry_of_one()
    (handle,) = registry
    times, rounds = (5_000, 50) if quick else (20_000, 300)
    scope: dict[str, Any] = {"type": "http"}

    async def loop() -> float:
        began = time.perf_counter()
        for _ in range(times):
            pass
        return (time.perf_counter() - began) / times

    async def get() -> float:
        began = time.perf_counter()
        for _ in range(times):
            handle.get()
        return (time.perf_counter() - began) / times

    async def raw() -> float:
        began = time.perf_counter()
        for _ in range(times):
            scope["state"]["x"]
        return (time.perf_counter() - began) / times

    async with registry.run() as run:
        scope["state"] = run.copy_state()
        results = await interleaved({"bare": loop, "get": get, "raw": raw}, rounds)
    mine, other = overheads(results, "get"), overheads(results, "raw")
    value = Quartiles.of(one * 1e9 for one in mine)
    against = f'{_ns(other)} (scope["state"]["x"])'
    yield Row(8, "reading a value: handle.get()", _ns(mine), against, value, " ns")
