"""The test clients: Django's own, with what a server would give the requests."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async
from django.http import HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from lifespan_registry import Lifespan, Registry, default_registry
from lifespan_registry.exceptions import (
    CallOutsideRunError,
    LifespanError,
    OtherEventLoopError,
    SeveralRunsError,
    StoppedError,
)
from lifespan_registry.management import base
from lifespan_registry.pytest_plugin import runs
from lifespan_registry.servers import view_loop
from lifespan_registry.servers.view_loop import ViewLoop
from lifespan_registry.testing import (
    AsyncLifespanClient,
    LifespanClient,
    cases,
    client,
)
from tests.django.test_wsgi_views import Gone, Ignoring
from tests.tracked import tracked

region = ContextVar("region", default="nowhere")


class Desk:
    """What can be used on one event loop alone."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.loop = asyncio.get_running_loop()

    async def ask(self) -> str:
        """Wait for another task, which has the lock."""
        async with self.lock:
            waiting = asyncio.create_task(self._answer())
            await asyncio.sleep(0)
        return await waiting

    async def _answer(self) -> str:
        async with self.lock:
            assert asyncio.get_running_loop() is self.loop
            return "answer"


def desk() -> Lifespan[Desk]:
    """Return the one lifespan of these tests."""
    (one,) = default_registry
    return one


def facts(request: Any) -> JsonResponse:
    """Answer with what the request has."""
    state = request.scope if hasattr(request, "scope") else request.META
    state = state.get("state", state.get("lifespan_registry.state"))
    ways = (desk().get(), desk().get(request), request.state.desk, state["desk"])
    assert len({id(way) for way in ways}) == 1
    state["seen"] = state.get("seen", 0) + 1
    return JsonResponse({"seen": state["seen"], "region": region.get()})


def sync_view(request: Any) -> JsonResponse:
    assert async_to_sync(desk().get().ask)() == "answer"
    return facts(request)


async def async_view(request: Any) -> JsonResponse:
    assert await desk().get().ask() == "answer"
    return facts(request)


def plain_view(request: Any) -> JsonResponse:
    return JsonResponse(
        {
            "method": request.method,
            "state": dict(request.state),
            "query": request.GET.dict(),
            "sent": request.headers.get("x-sent"),
            "default": request.headers.get("x-default"),
        }
    )


def redirect_view(request: Any) -> HttpResponseRedirect:
    facts(request)
    return HttpResponseRedirect("/async")


async def where_view(request: Any) -> JsonResponse:
    try:
        return JsonResponse(desk().get() is None, safe=False)
    except LifespanError as error:
        return JsonResponse(type(error).__name__, safe=False)


def stream_view(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(["1", "2"])


async def async_stream_view(request: Any) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        yield (await where_view(request)).content.decode()

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("sync", sync_view),
    path("async", async_view),
    path("plain", plain_view),
    path("redirect", redirect_view),
    path("where", where_view),
    path("stream", stream_view),
    path("async_stream", async_stream_view),
]

VIEWS = pytest.mark.parametrize("view", ["/sync", "/async"])


@pytest.fixture(autouse=True)
def _views(default: Registry) -> Iterator[None]:
    """One lifespan, which sets a context variable, and these views."""

    @default.on_lifespan(name="desk")
    async def _() -> AsyncIterator[Desk]:
        token = region.set("eu")
        yield Desk()
        region.reset(token)

    with override_settings(ROOT_URLCONF=__name__):
        yield


# --- what requests have ---------------------------------------------------------------


@VIEWS
def test_client(default: Registry, view: str) -> None:
    """Each request has a copy of the state, and views are on the loop of the run."""
    with default.run_in_thread():
        answers = [LifespanClient().get(view).json() for _ in range(2)]
        assert region.get() == "nowhere"
    assert answers == [{"seen": 1, "region": "eu"}] * 2


@VIEWS
async def test_async_client(default: Registry, view: str) -> None:
    """The same on an event loop, where the state is in the scope."""
    async with default.run():
        one = AsyncLifespanClient()
        answers = [(await one.get(view)).json() for _ in range(2)]
        assert region.get() == "nowhere"
    assert answers == [{"seen": 1, "region": "eu"}] * 2


@VIEWS
async def test_client_in_a_thread(default: Registry, view: str) -> None:
    """The sync client serves in a thread of an async test, too."""
    async with default.run():
        answer = await sync_to_async(LifespanClient().get)(view)
    assert answer.json() == {"seen": 1, "region": "eu"}


def test_redirects(default: Registry) -> None:
    """A redirect is followed; the next request has a state of its own."""
    with default.run_in_thread():
        answer = LifespanClient().get("/redirect", follow=True)
    assert answer.redirect_chain == [("/async", 302)]
    assert answer.json()["seen"] == 1


async def test_redirects_async(default: Registry) -> None:
    """So it is with the async client."""
    async with default.run():
        answer = await AsyncLifespanClient().get("/redirect", follow=True)
    assert answer.redirect_chain == [("/async", 302)]
    assert answer.json()["seen"] == 1


async def test_requests_at_the_same_time(default: Registry) -> None:
    """Requests that are under way together take nothing from one another."""
    async with default.run():
        one = AsyncLifespanClient()
        answers = await asyncio.gather(*(one.get("/async") for _ in range(5)))
    assert [answer.json()["seen"] for answer in answers] == [1] * 5


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
async def test_arguments(default: Registry, method: str) -> None:
    """Arguments and methods are those of Django's clients, and so are the answers."""
    extra = {"query_params": {"q": "1"}, "headers": {"x-sent": "two"}}
    async with default.run(only=()):
        answers = [
            await sync_to_async(getattr(one(HTTP_X_DEFAULT="one"), method))(
                "/plain", **extra
            )
            for one in (Client, LifespanClient)
        ]
        answers += [
            await getattr(one(**{"x-default": "one"}), method)("/plain", **extra)
            for one in (AsyncClient, AsyncLifespanClient)
        ]
    assert [answer.json() for answer in answers] == [
        {
            "method": method.upper(),
            "state": {},
            "query": {"q": "1"},
            "sent": "two",
            "default": "one",
        }
    ] * 4


def test_streaming(default: Registry) -> None:
    """What is streamed is read after the request, as from Django's client."""
    with default.run_in_thread():
        assert LifespanClient().get("/stream").getvalue() == b"12"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume async")
def test_async_streaming(default: Registry) -> None:
    """An async stream has the values where this thread is bound to the run, alone."""
    with default.run_in_thread() as run:
        elsewhere = b"".join(LifespanClient(run=run).get("/async_stream"))
        with client.view_loop.bound(run.loop):
            there = b"".join(LifespanClient().get("/async_stream"))
    assert elsewhere == b'"OtherEventLoopError"'
    assert there == b"false"


def test_errors_of_views(default: Registry) -> None:
    """An error of a view comes out, and the variables of lifespans do not."""
    with default.run_in_thread(only=()):
        with pytest.raises(LifespanError):
            LifespanClient().get("/sync")
        assert region.get() == "nowhere"


def test_variables_of_the_test(default: Registry) -> None:
    """A variable that the test sets itself is as it says."""

    def ask() -> str:
        region.set("test")
        return LifespanClient().get("/sync").json()["region"]

    with default.run_in_thread():
        assert contextvars.copy_context().run(ask) == "test"


def test_variables_unset_since(default: Registry) -> None:
    """A variable that was set at the start, and is not where the request is sent."""
    token = region.set("start")
    with default.run_in_thread() as run:
        one = LifespanClient(run=run)
        answer = contextvars.Context().run(one.get, "/sync")
    region.reset(token)
    assert answer.json()["region"] == "nowhere"


# --- which run ------------------------------------------------------------------------


def test_without_a_run() -> None:
    """Where no run is up, the clients are Django's, and `.get()` says what is wrong."""
    assert LifespanClient().get("/plain").json()["state"] == {}
    assert async_to_sync(AsyncLifespanClient().get)("/plain").json()["state"] == {}
    with pytest.raises(LifespanError):
        LifespanClient().get("/sync")


def test_run_of_another_registry(registry: Registry) -> None:
    """In the block of a run of another registry, its state is what requests have."""
    tracked(registry, [], "other")
    with registry.run_in_thread():
        assert LifespanClient().get("/plain").json()["state"] == {"other": "other"}


async def test_run_of_another_registry_async(registry: Registry) -> None:
    """So it is on an event loop."""
    tracked(registry, [], "other")
    async with registry.run():
        answer = await AsyncLifespanClient().get("/plain")
    assert answer.json()["state"] == {"other": "other"}


def test_run_on_another_loop(registry: Registry) -> None:
    """On another event loop than that of the run around it, requests have no state."""
    tracked(registry, [], "other")
    with registry.run_in_thread():
        answer = asyncio.run(AsyncLifespanClient().get("/plain"))
    assert answer.json()["state"] == {}


def test_given_run_on_another_loop(default: Registry) -> None:
    """The values of a run that was given are not handed over to another one."""
    with default.run_in_thread() as run:
        one = AsyncLifespanClient(run=run)
        with pytest.raises(CallOutsideRunError) as caught:
            asyncio.run(one.get("/plain"))
        assert caught.value.detail == "it is on another event loop"
        assert run.call(one.get, "/async", timeout=30).json()["seen"] == 1


def test_run_that_is_over(default: Registry, registry: Registry) -> None:
    """A context that still knows a run that has stopped does not lead there."""
    tracked(registry, [], "other")
    with registry.run_in_thread():
        context = contextvars.copy_context()
    with default.run_in_thread():
        assert context.run(LifespanClient().get, "/sync").json()["region"] == "eu"


@VIEWS
async def test_one_of_several_runs(default: Registry, view: str) -> None:
    """Of several runs on one loop, that of the client is the one of its requests."""
    async with contextlib.AsyncExitStack() as stack:
        first, _ = [await stack.enter_async_context(default.run()) for _ in range(2)]
        context = contextvars.Context()
        one, lost = AsyncLifespanClient(run=first), AsyncLifespanClient()
        task = asyncio.create_task(one.get(view), context=context)
        assert (await task).json()["seen"] == 1
        with pytest.raises(SeveralRunsError):
            await asyncio.create_task(lost.get(view), context=context)


async def test_run_that_is_not_up(default: Registry) -> None:
    """A request with a run that is not up says so, and why."""
    run = default.run()
    sync, one = LifespanClient(run=run), AsyncLifespanClient(run=run)

    async def refused(reason: str) -> None:
        with pytest.raises(CallOutsideRunError, match=reason):
            sync.get("/plain")
        with pytest.raises(CallOutsideRunError, match=reason):
            await one.get("/plain")

    await refused("not been started")
    async with run:
        assert (await one.get("/async")).json()["seen"] == 1
    await refused("been stopped")


def test_stop_meanwhile(default: Registry) -> None:
    """A client without a run of its own goes on after the stop, as before the start."""
    one = LifespanClient()
    with default.run_in_thread():
        assert one.get("/sync").json()["seen"] == 1
    assert one.get("/plain").json()["state"] == {}
    with pytest.raises(StoppedError):
        one.get("/sync")


# --- on which loop --------------------------------------------------------------------


def loop_of_views() -> object:
    """Return what asgiref would run async views on in this thread."""
    return getattr(SyncToAsync.threadlocal, "main_event_loop", None)


def test_nothing_is_left_in_the_thread(default: Registry) -> None:
    """After a request, async code runs where it did before."""
    before = loop_of_views()
    with default.run_in_thread() as run:
        assert LifespanClient().get("/async").json()["seen"] == 1
        assert loop_of_views() is before
        with client.view_loop.bound(run.loop):
            LifespanClient().get("/async")
            assert loop_of_views() is run.loop
    assert loop_of_views() is before


def test_loop_that_does_not_run(default: Registry) -> None:
    """A loop that stands still is not waited for."""
    with asyncio.Runner() as runner:
        run = default.run()
        runner.run(run.__aenter__())
        one = LifespanClient(run=run)
        assert one.get("/where").json() == OtherEventLoopError.__name__
        runner.run(run.__aexit__(None, None, None))


@pytest.mark.parametrize("broken", [Gone, Ignoring])
def test_asgiref_has_changed(
    default: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: type[object],
) -> None:
    """Without asgiref's internals one warning is logged, and `.get()` explains."""
    monkeypatch.setattr(client, "view_loop", ViewLoop())
    monkeypatch.setattr(SyncToAsync, "threadlocal", broken())
    with default.run_in_thread():
        answers = [LifespanClient().get("/where").json() for _ in range(2)]
    assert answers == [OtherEventLoopError.__name__] * 2
    warnings = [one for one in caplog.messages if "With this version of asgiref" in one]
    assert len(warnings) == 1


def test_nothing_is_left_where_it_does_not_work(
    default: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where asgiref takes no notice of it, the thread is left as it was."""
    other = asyncio.new_event_loop()
    ours = threading.local()
    monkeypatch.setattr(SyncToAsync, "threadlocal", ours)
    monkeypatch.setattr(view_loop, "async_to_sync", lambda _: lambda: None)
    ours.main_event_loop, ours.main_event_loop_pid = other, 1
    with default.run_in_thread() as run:
        assert not ViewLoop().bind(run.loop)
    assert (ours.main_event_loop, ours.main_event_loop_pid) == (other, 1)
    other.close()


def test_one_object_for_all() -> None:
    """Tests and commands probe asgiref once, and warn once."""
    assert client.view_loop is cases.view_loop is runs.view_loop is base.view_loop


def test_on_a_loop(default: Registry) -> None:
    """On a running loop the sync client serves sync views, as Django's does."""

    async def ask() -> Any:
        return LifespanClient().get("/plain").json()["state"]

    with default.run_in_thread(only=()):
        assert asyncio.run(ask()) == {}
