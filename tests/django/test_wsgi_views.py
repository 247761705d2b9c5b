"""Under WSGI, what lifespans have opened can be used in all views, in any order."""

from __future__ import annotations

import asyncio
import http.server
import itertools
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from lifespan_registry import Registry, default_registry
from lifespan_registry.exceptions import OtherEventLoopError
from lifespan_registry.servers import threaded
from lifespan_registry.wsgi import LifespanWSGIApplication
from tests.django.wsgi_client import in_thread, request
from tests.tracked import tracked


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers, and keeps the connection: the pool of a client stays warm."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"warm")

    def log_message(self, *args: object) -> None:
        """Keep silent."""


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[str]:
    """A server that answers, by its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Primitives:
    """Objects of asyncio that belong to the loop on which somebody waits for them."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def use(self) -> str:
        """Have a task wait for each of them."""
        event = asyncio.Event()

        async def give() -> None:
            async with self.lock:
                await event.wait()
            self.queue.put_nowait("given")

        async with asyncio.TaskGroup() as group:
            group.create_task(give())
            getter = group.create_task(self.queue.get())
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(event.set)
            async with self.lock:
                pass
        return await getter


async def use(primitives: Primitives, client: httpx.AsyncClient, url: str) -> list[str]:
    """Use all that lifespans have opened."""
    return [await primitives.use(), (await client.get(url)).text]


def resources() -> Any:
    """Return what is there to be used."""
    (lifespan,) = default_registry
    return lifespan.get()


async def async_view(_: HttpRequest) -> JsonResponse:
    return JsonResponse(await use(*resources()), safe=False)


def bridge_view(_: HttpRequest) -> JsonResponse:
    return JsonResponse(async_to_sync(use)(*resources()), safe=False)


def call_view(_: HttpRequest) -> JsonResponse:
    run = default_registry.current_run()
    assert run is not None
    return JsonResponse(run.call(use, *resources(), timeout=10), safe=False)


async def where_view(_: HttpRequest) -> JsonResponse:
    """Tell the threads of the view, and of a sync function in it."""
    threads = [threading.current_thread().name, await sync_to_async(thread_name)()]
    return JsonResponse([*threads, await sync_to_async(nested)()], safe=False)


def thread_name() -> str:
    return threading.current_thread().name


def nested() -> str:
    """Name the thread of a coroutine that sync code has called."""
    return async_to_sync(sync_to_async(thread_name))()


async def stream_view(_: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        yield '["'
        yield thread_name()
        yield '"]'

    return StreamingHttpResponse(parts())


async def get_view(request: Any) -> HttpResponse:
    try:
        value = resources()
    except OtherEventLoopError as error:
        value = type(error).__name__
    return JsonResponse(str(value), safe=False)


ROUTES = (
    path("async/", async_view),
    path("bridge/", bridge_view),
    path("call/", call_view),
    path("where/", where_view),
    path("stream/", stream_view),
    path("get/", get_view),
)


@pytest.fixture(name="application")
def _application(
    default: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LifespanWSGIApplication]:
    """Django with the routes, wrapped; what it has started is stopped."""
    # What a test has stopped, no request starts again.
    monkeypatch.setattr(threaded, "_ALL", weakref.WeakValueDictionary())
    with override_settings(ROOT_URLCONF=ROUTES, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        application = LifespanWSGIApplication(WSGIHandler(), registry=default)
        yield application
        application.stop()


@pytest.mark.parametrize(
    "order", [*itertools.permutations(["async", "bridge", "call"])]
)
@pytest.mark.parametrize("call", [in_thread, lambda function: function()])
def test_in_any_order(
    default: Registry,
    application: LifespanWSGIApplication,
    server: str,
    order: tuple[str, ...],
    call: Callable[[Callable[[], Any]], Any],
) -> None:
    """A client with a warm pool, and objects of asyncio, work in views of all kinds."""

    @default.on_lifespan
    async def opened() -> AsyncIterator[tuple[Primitives, httpx.AsyncClient, str]]:
        transport = httpx.AsyncHTTPTransport(verify=False)
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            yield Primitives(), client, server

    application.start()
    views = [partial(request, application, f"/{view}/") for view in order * 2]
    answers = [call(view) for view in views]

    assert answers == [["given", "warm"]] * 6


def test_where(default: Registry, application: LifespanWSGIApplication) -> None:
    """An async view runs on the loop; its sync code in the thread of the request."""
    tracked(default, [], "opened")

    def ask() -> Any:
        threading.current_thread().name = "request"
        return request(application, "/where/")

    assert in_thread(ask) == ["lifespan loop", "request", "request"]


def test_streaming(default: Registry, application: LifespanWSGIApplication) -> None:
    """What a response streams comes from the loop, too, after the view has returned."""
    tracked(default, [], "opened")

    with pytest.warns(Warning, match="StreamingHttpResponse must consume"):
        assert request(application, "/stream/") == ["lifespan loop"]


def test_after_the_stop(
    default: Registry, application: LifespanWSGIApplication
) -> None:
    """After the stop async views run as without lifespans, and wait for no loop."""
    tracked(default, [], "opened")
    assert request(application, "/where/")[0] == "lifespan loop"
    application.stop()

    assert request(application, "/where/")[0] != "lifespan loop"


class Gone:
    """A place that cannot be written to any more."""

    __slots__ = ()


class Ignoring:
    """A place where nobody finds any more what is written to it."""

    def __getattribute__(self, name: str) -> Any:
        raise AttributeError(name)


@pytest.mark.parametrize("broken", [Gone, Ignoring])
def test_asgiref_has_changed(
    default: Registry,
    application: LifespanWSGIApplication,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: type[object],
) -> None:
    """Without asgiref's internals one warning is logged, and `.get()` explains."""
    # Asgiref itself has to find something there, but nothing of ours.
    monkeypatch.setattr(SyncToAsync, "threadlocal", broken())
    tracked(default, [], "opened")

    answers = [in_thread(lambda: request(application, "/get/")) for _ in range(3)]

    assert answers == ["OtherEventLoopError"] * 3
    warnings = [one for one in caplog.messages if "With this version of asgiref" in one]
    assert len(warnings) == 1


async def test_on_a_loop(
    default: Registry, application: LifespanWSGIApplication
) -> None:
    """On a running loop, where asgiref refuses to work, it passes requests on."""
    tracked(default, [], "opened")
    application.app = lambda environ, start: [start("200 OK", []), b"[]"][1:]

    assert request(application) == []
