"""Where requests start the lifespans, who asks how things are does not wait for it."""

from __future__ import annotations

import asyncio
import json
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import include, path

from lifespan_registry import Registry
from lifespan_registry.asgi import get_asgi_application
from lifespan_registry.exceptions import LazyRefusedError
from lifespan_registry.servers import threaded
from lifespan_registry.views import is_probe
from lifespan_registry.wsgi import LifespanWSGIApplication
from tests.asgi.lazy import event_loop_ends
from tests.core.waiting import DEADLINE, Gate, until
from tests.tracked import boom, tracked


def index(request: HttpRequest) -> HttpResponse:
    """Be any other page."""
    return HttpResponse("page")


urlpatterns = [
    path("", index),
    path("up/", include("lifespan_registry.urls")),
]


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    """The addresses of this module are those of the project."""
    with override_settings(ROOT_URLCONF=__name__):
        yield


def client() -> httpx.AsyncClient:
    """Return a client of the project, behind a server that sends no lifespan."""
    transport = httpx.ASGITransport(get_asgi_application())
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_asgi(default: Registry, log: list[str]) -> None:
    """The first one begins the start, and all of them answer meanwhile."""
    gate = Gate()
    tracked(default, log, "a", enter=gate.wait)

    async with event_loop_ends(), client() as browser:
        first = await browser.get("/up/ready")
        await until(lambda: gate.reached)
        ready, live = await browser.get("/up/ready"), await browser.get("/up/live")
        page = asyncio.create_task(browser.get("/"))
        assert log == []
        gate.open()
        assert (await page).text == "page"
        after = await browser.get("/up/ready")

    assert log == ["+a", "-a"]
    assert first.status_code == 503
    starting = {
        "status": "starting",
        "reasons": ["the lifespans are starting", "'a' is starting"],
    }
    assert (ready.status_code, ready.json()) == (503, starting)
    assert (live.status_code, live.json()) == (200, starting)
    assert after.status_code == 200


async def test_asgi_start_that_is_not_lazy(default: Registry, log: list[str]) -> None:
    """A start by something else is not waited for either."""
    gate = Gate()
    tracked(default, log, "a", enter=gate.wait)

    async def ask() -> int:
        await until(lambda: gate.reached)
        async with client() as browser:
            status = (await browser.get("/up/ready")).status_code
        gate.open()
        return status

    asking = asyncio.create_task(ask())
    async with event_loop_ends(), default.run():
        assert await asking == 503


async def test_asgi_refused(
    default: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where requests may start nothing, these answer, and start nothing either."""
    monkeypatch.setattr(default, "lazy", False)
    tracked(default, log, "a")

    async with client() as browser:
        assert (await browser.get("/up/ready")).status_code == 503
        with pytest.raises(LazyRefusedError):
            await browser.get("/")

    assert log == []


@pytest.fixture(name="application")
def _application(monkeypatch: pytest.MonkeyPatch) -> Iterator[LifespanWSGIApplication]:
    """The project, behind a WSGI server without hooks."""
    monkeypatch.setattr(threaded, "_ALL", weakref.WeakValueDictionary())
    application = LifespanWSGIApplication(WSGIHandler())
    yield application
    application.stop()


def ask(application: LifespanWSGIApplication, path: str) -> tuple[int, bytes]:
    """Send a request; return the status and the body."""
    said: list[str] = []

    def start_response(status: str, *_: object) -> Any:
        said.append(status)

    environ = RequestFactory().get(path).environ
    body = b"".join(application(environ, start_response))
    return int(said[0].partition(" ")[0]), body


def wait_for_start() -> None:
    """Wait for the end of the start that nobody else waits for."""
    for thread in threading.enumerate():
        if thread.name == "lifespan start":
            thread.join(DEADLINE)


def test_wsgi(
    default: Registry, log: list[str], application: LifespanWSGIApplication
) -> None:
    """Under WSGI, too, the first one begins the start, and all answer meanwhile."""
    reached, goes_on = threading.Event(), threading.Event()

    def enter() -> None:
        reached.set()
        assert goes_on.wait(DEADLINE)

    tracked(default, log, "a", sync=True, enter=enter)

    first, _ = ask(application, "/up/ready")
    assert reached.wait(DEADLINE)
    ready, live = ask(application, "/up/ready"), ask(application, "/up/live")
    assert log == []
    goes_on.set()
    page = ask(application, "/")

    reasons = ["the lifespans are starting", "'a' is starting"]
    content = {"status": "starting", "reasons": reasons}
    assert (first, ready[0], live[0]) == (503, 503, 200)
    assert json.loads(ready[1]) == json.loads(live[1]) == content
    assert page == (200, b"page")
    assert ask(application, "/up/ready")[0] == 200
    assert log == ["+a"]


def test_wsgi_start_that_fails(
    default: Registry,
    log: list[str],
    application: LifespanWSGIApplication,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failed start that nobody has waited for is logged, and told to who asks."""
    tracked(default, log, "a", enter=boom("secret"))

    ask(application, "/up/ready")
    wait_for_start()
    assert "secret" in caplog.text
    status, body = ask(application, "/up/live")
    wait_for_start()

    assert (status, b"secret" in body) == (200, False)


def test_wsgi_refused(
    default: Registry,
    log: list[str],
    application: LifespanWSGIApplication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where requests may start nothing, these answer, and start nothing either."""
    monkeypatch.setattr(default, "lazy", False)
    tracked(default, log, "a")

    assert ask(application, "/up/ready")[0] == 503
    wait_for_start()
    with pytest.raises(LazyRefusedError):
        ask(application, "/")

    assert log == []


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"type": "http", "path": "/up/ready"}, True),
        ({"type": "http", "path": "/up/live", "root_path": ""}, True),
        ({"type": "http", "path": "/up/"}, True),
        ({"type": "http", "path": "/shop/up/live", "root_path": "/shop"}, True),
        ({"PATH_INFO": "/up/ready", "SCRIPT_NAME": "/shop"}, True),
        ({"type": "http", "path": "/"}, False),
        ({"type": "http", "path": "/nowhere"}, False),
        ({"type": "websocket", "path": "/up/ready"}, False),
        ({"PATH_INFO": ""}, False),
        ({"type": "http"}, False),
    ],
)
def test_who_asks(request_: dict[str, Any], *, answer: bool) -> None:
    """It is told by the address, wherever the project has put it."""
    whole = {"method": "GET", "headers": [], **request_} if "path" in request_ else {}
    assert is_probe(whole or request_) is answer


def test_script_name() -> None:
    """What the setting takes off the address is taken off here, too."""
    scope = {"type": "http", "method": "GET", "headers": [], "path": "/app/up/ready"}
    assert not is_probe(scope)
    with override_settings(FORCE_SCRIPT_NAME="/app"):
        assert is_probe(scope)


def test_no_addresses() -> None:
    """Where the project has none, or none that can be imported, nobody asks."""
    with override_settings(ROOT_URLCONF="nowhere"):
        assert not is_probe({"type": "http", "path": "/up/ready"})
