"""The parts of runserver, where each internal that they lean on is gone, and apart."""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import demo_app

import pytest
from django.core.management.commands.runserver import Command as Runserver
from django.core.servers import basehttp
from django.utils import autoreload

from lifespan_registry import Registry, default_registry
from lifespan_registry.runserver import banner, command, wsgi
from lifespan_registry.runserver import requests as of_requests
from lifespan_registry.runserver.requests import Requests
from lifespan_registry.runserver.wsgi import WSGIServer
from lifespan_registry.servers import reloading
from lifespan_registry.servers.departure import Departure
from lifespan_registry.wsgi import LifespanWSGIApplication
from tests.tracked import tracked

uvicorn = pytest.importorskip("uvicorn")

NAMES = ("get_handler", "inner_run", "on_bind", "run", "server_cls")
OPTIONS = {"use_reloader": True, "use_threading": True}


async def nothing() -> AsyncIterator[None]:
    """Be a lifespan."""
    yield


@pytest.fixture(autouse=True)
def _lines_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest hear Django's logger of requests, which else tells nobody above."""
    monkeypatch.setattr(logging.getLogger("django.server"), "propagate", True)


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Restore the handlers of signals."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_others_raise_in_a_destructor(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as ever, and is to be told as ever afterwards."""
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(str(one[1])))
    before = sys.unraisablehook

    class Broken:
        def __del__(self) -> None:
            raise ValueError("broken")

    with reloading._lost_in_silence():
        Broken()

    assert told == ["broken"]
    assert sys.unraisablehook is before


# --- Django's internals ------------------------------------------------------------


def test_nothing_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """In the Django that is installed, all is there."""
    assert command.usable() is command.Command
    assert not [name for name in reloading._INTERNALS if not reloading._has(name)]
    assert caplog.messages == []


@pytest.mark.parametrize("name", NAMES)
def test_command_is_not_as_it_was(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then Django's own is run."""
    monkeypatch.delattr(Runserver, name)

    assert command.usable() is Runserver
    (warning,) = caplog.messages
    assert f"(it has no runserver.Command.{name}): this is" in warning


def test_server_cannot_be_chosen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Likewise where Django takes no other server."""
    monkeypatch.setattr(basehttp, "run", lambda addr, port: None)
    assert command.usable() is Runserver
    monkeypatch.delattr(basehttp, "run")
    assert command.usable() is Runserver

    assert len(caplog.messages) == 2
    assert all("it has no basehttp.run(server_cls=)" in one for one in caplog.messages)


@pytest.mark.parametrize("name", reloading._INTERNALS)
def test_reloader_is_not_as_it_was(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then it is reloaded in Django's own way; a child does not say so again."""
    calls: list[Any] = []
    # It is set for the children: whatever becomes of it here is undone by this.
    monkeypatch.setenv(reloading._PARENT, "")
    monkeypatch.delenv(reloading._PARENT)
    monkeypatch.setattr(
        autoreload, "run_with_reloader", lambda run, **options: calls.append(run)
    )
    monkeypatch.delattr(f"django.utils.autoreload.{name}")
    runserver = command.Command()

    for _ in "parent", "child":
        runserver.run(**OPTIONS)

    assert calls == [runserver.inner_run] * 2
    (warning,) = caplog.messages
    assert f"has no {name} in django.utils.autoreload" in warning


# --- Uvicorn's internals -----------------------------------------------------------


def remove(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take something from Uvicorn."""
    if name == "Config":
        monkeypatch.setattr(uvicorn, "Config", lambda app: None)
    elif name == "should_exit":
        monkeypatch.setattr(uvicorn.Server, "__init__", lambda self, config: None)
    else:
        monkeypatch.delattr(uvicorn.Server, name)


@pytest.mark.parametrize("name", ["Config", "capture_signals", "serve", "should_exit"])
def test_uvicorn_is_not_as_it_was(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then Django's own server serves."""
    assert command._choose(**OPTIONS)[0].__name__ == "UvicornServer"
    remove(name, monkeypatch)

    assert command._choose(**OPTIONS) == (WSGIServer, "")
    (warning,) = caplog.messages
    assert "does not know this version of Uvicorn (" in warning


# --- the banner --------------------------------------------------------------------


def test_unknown_banner() -> None:
    """Where Django words it in another way, it stays as it is."""
    text = "Django 9\n"

    assert (
        banner.with_server(text, "WSGI", 0.1, "why") == "Django 9\nServer: WSGI\nwhy\n"
    )


async def test_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as people do."""
    assert banner.started(1) == ""
    registry = type(default_registry)()
    monkeypatch.setattr(banner, "default_registry", registry)
    async with registry.run():
        assert banner.started(1) == "No lifespans have started: none are registered."

    registry.on_lifespan(name="first")(nothing)
    async with registry.run():
        assert banner.started(1) == "1 lifespan has started in 1.000 s."

    registry.on_lifespan(name="second")(nothing)
    async with registry.run():
        assert banner.started(0.1234) == "2 lifespans have started in 0.123 s."


def test_wsgi_application() -> None:
    """It is wrapped, if it is not."""
    wrapped = wsgi.with_lifespans(demo_app)

    assert isinstance(wrapped, LifespanWSGIApplication)
    assert wsgi.with_lifespans(wrapped) is wrapped


async def test_request_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    """What others cancel is cancelled, and no line tells of an answer."""
    has_begun = asyncio.Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        has_begun.set()
        await asyncio.Event().wait()

    requests = Requests(wait, {})
    scope = {"type": "http", "path": "/"}
    task = asyncio.ensure_future(requests(scope, None, None))
    await has_begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.messages == []


START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body", "body": b"all"}
MORE = {**BODY, "more_body": True}
END = {"type": "http.response.body"}
REFUSED = {
    "type": "http.response.start",
    "status": 503,
    "headers": [(b"content-type", b"text/plain"), (b"connection", b"close")],
}
ACCEPT = {"type": "websocket.accept"}


async def cut_off(kind: str, sent: list[Any], send: Any) -> None:
    """Have a request *sent* these messages with *send*, and cut it off after that."""
    has_sent = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        for message in sent:
            await send(message)
        has_sent.set()
        await asyncio.Event().wait()

    requests = Requests(application, {})
    task = asyncio.ensure_future(requests({"type": kind, "path": "/"}, None, send))
    await has_sent.wait()
    await requests.end()
    assert task.done()
    await task


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests have no time to end."""
    monkeypatch.setattr(of_requests, "STREAMS", 0.01)
    monkeypatch.setattr(of_requests, "ANSWERS", 0.01)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("kind", "sent", "added", "status"),
    [
        ("http", [], [REFUSED, END], 503),
        ("http", [START], [END], 200),
        ("http", [START, MORE], [END], 200),
        ("http", [START, BODY], [], 200),
        ("websocket", [ACCEPT], [], 101),
    ],
)
async def test_request_is_cut_off(
    kind: str,
    sent: list[Any],
    added: list[Any],
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A request that goes on at the end is answered in place of the application."""
    answer: list[Any] = []

    async def send(message: Any) -> None:
        answer.append(message)

    await cut_off(kind, sent, send)

    assert answer == [*sent, *added]
    (line,) = caplog.messages
    assert f'"GET / HTTP/1.1" {status} ' in line


@pytest.mark.usefixtures("_impatient")
async def test_answer_that_cannot_be_ended(caplog: pytest.LogCaptureFixture) -> None:
    """Where the server refuses the end of an answer, the request ends all the same."""

    async def send(message: Any) -> None:
        if message == END:
            raise RuntimeError("Response content shorter than Content-Length")

    await cut_off("http", [START], send)

    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("kind", "message", "status"),
    [
        ("http", START, 200),
        ("http", {"type": "http.response.debug"}, 500),
        ("websocket", {"type": "websocket.close"}, 403),
    ],
)
async def test_request_that_raises(
    kind: str, message: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with what the client sees: what was sent, or the server's answer."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(message)
        raise ValueError

    async def send(message: Any) -> None:
        """Send it nowhere."""

    scope = {"type": kind, "path": "/", "query_string": b"a=1"}
    with pytest.raises(ValueError):
        await Requests(application, {})(scope, None, send)

    assert caplog.messages == [f'"GET /?a=1 HTTP/1.1" {status} 0']


# --- the ends ----------------------------------------------------------------------


@pytest.mark.usefixtures("_handlers")
def test_too_late_to_serve() -> None:
    """A process that has been told to end starts no server."""
    departure = Departure()
    handler = signal.getsignal(signal.SIGTERM)
    departure.begin()

    with pytest.raises(SystemExit):
        departure.serving(departure.begin).__enter__()

    assert departure.wait(0)
    assert signal.getsignal(signal.SIGTERM) is handler


def test_end_just_before_the_start(registry: Registry, log: list[str]) -> None:
    """Django's server that is told to end before it starts anything starts nothing."""

    class Told(WSGIServer):
        """One that is told as soon as it can be."""

        command: Any = SimpleNamespace(serving=lambda leave: nullcontext(leave()))

    tracked(registry, log, "db")
    app = LifespanWSGIApplication(demo_app, registry=registry)

    with pytest.raises(SystemExit) as caught:
        Told(("127.0.0.1", 0), basehttp.WSGIRequestHandler).serve_forever()

    assert (caught.value.code, log) == (None, [])
    app.start()
    app.stop()
    assert log == ["+db", "-db"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (SystemExit(), 0),
        (SystemExit(reloading.RELOAD), reloading.RELOAD),
        (SystemExit("why"), 1),
        (OSError("of the reloader"), 1),
    ],
)
def test_exit_code(error: BaseException | None, code: int) -> None:
    """A process that is cut off has the code that Python would have given it."""
    assert reloading._code_of(error) == code


def test_limit_of_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lifespans have the time that they are allowed; what cannot start needs none."""
    registry = type(default_registry)()
    monkeypatch.setattr(reloading, "default_registry", registry)

    registry.on_lifespan(name="first", shutdown_timeout=60)(nothing)
    registry.on_lifespan(name="second")(nothing)
    assert reloading._shutdown_limit() == 60 + registry.limits.shutdown

    registry.on_lifespan(name="third", requires="nobody")(nothing)
    assert reloading._shutdown_limit() == 0


@pytest.mark.usefixtures("_handlers")
def test_signal_while_the_child_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent passes it on when there is a child, and makes no other."""
    popen = subprocess.Popen

    def make(*args: Any, **kwargs: Any) -> Any:
        child = popen(*args, **kwargs)
        signal.raise_signal(signal.SIGTERM)
        return child

    monkeypatch.setattr(subprocess, "Popen", make)
    # As it is without python -u.
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(autoreload, "get_child_arguments", lambda: sleep)

    assert reloading._Parent().run() == 0
