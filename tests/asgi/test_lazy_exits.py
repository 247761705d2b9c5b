"""The hooks by which servers without lifespan stop what a request has started."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import multiprocessing.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.lifespan.off import LifespanOff

from lifespan_registry.servers import exits, known
from tests.asgi.servers import logged
from tests.core.processes import output_of


class Started:
    """Something that has been started, and notes that it is stopped."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def stop(self) -> None:
        self.log.append("stopped")


class ReadOnly(LifespanOff):
    """A lifespan whose shutdown cannot be replaced."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "shutdown":
            raise AttributeError(name)
        super().__setattr__(name, value)


@pytest.fixture(name="server")
def _server() -> Iterator[uvicorn.Server]:
    """Uvicorn with ``--lifespan off``, as far as its hook can tell."""
    server = uvicorn.Server(uvicorn.Config("nothing:nothing", lifespan="off"))
    server.lifespan = LifespanOff(server.config)
    before = signal.signal(signal.SIGTERM, server.handle_exit)
    yield server
    signal.signal(signal.SIGTERM, before)


def exit_in_peace() -> None:
    """Do what Python does at the exit of the process, and of a child of its."""
    multiprocessing.util._run_finalizers(100)


def hook(server: known.Server, log: list[str]) -> tuple[Started, Any]:
    """Hook something to *server* on a loop of its own; return both."""

    async def main() -> None:
        exits.stop_with(server, started.stop)

    started, loop = Started(log), asyncio.new_event_loop()
    loop.run_until_complete(main())
    return started, loop


def test_uvicorn(server: uvicorn.Server, log: list[str]) -> None:
    """Uvicorn's own shutdown of the lifespan comes after ours."""

    class Noting(LifespanOff):
        async def shutdown(self) -> None:
            log.append("shutdown of Uvicorn")

    server.lifespan = Noting(server.config)
    _, loop = hook(known.UVICORN, log)

    loop.run_until_complete(server.lifespan.shutdown())

    assert log == ["stopped", "shutdown of Uvicorn"]
    loop.close()


class Worker:
    """Gunicorn's worker, as far as its hook can tell."""

    def __init__(self, lifespan: Any) -> None:
        names: dict[str, Any] = {"__name__": "gunicorn.workers.gasgi"}
        exec("def run(self, function): return function()", names)
        self.run = functools.partial(names["run"], self)
        self.lifespan = lifespan


@pytest.mark.parametrize("has_lifespan", [False, True])
def test_gunicorn(
    log: list[str],
    has_lifespan: bool,  # noqa: FBT001
) -> None:
    """Gunicorn's own shutdown of a lifespan, if there is one, comes after ours."""

    class Noting:
        async def shutdown(self) -> None:
            log.append("shutdown of gunicorn")

    worker = Worker(Noting() if has_lifespan else None)
    _, loop = worker.run(functools.partial(hook, known.GUNICORN, log))

    loop.run_until_complete(worker.lifespan.shutdown())

    assert log == ["stopped", "shutdown of gunicorn"][: 1 + has_lifespan]
    loop.close()


def test_gunicorn_without_lifespan(
    log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that has another name for its lifespan is warned of."""
    worker = Worker(None)
    del worker.lifespan

    _started, loop = worker.run(functools.partial(hook, known.GUNICORN, log))

    ((_, text),) = logged(caplog)
    assert "has no attribute 'lifespan'" in text
    exit_in_peace()
    assert log == ["stopped"]
    loop.close()


def another_method(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler of the signal is a method of something else."""
    signal.signal(signal.SIGTERM, threading.Event().set)  # type: ignore[arg-type]


def no_package(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uvicorn has another name."""
    monkeypatch.delitem(sys.modules, "uvicorn")


def no_lifespan(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has no lifespan."""
    del server.lifespan


def no_shutdown(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lifespan has no shutdown."""
    monkeypatch.delattr(LifespanOff, "shutdown")


def read_only(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shutdown of the lifespan cannot be replaced."""
    server.lifespan = ReadOnly(server.config)


def no_reactor(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twisted has no reactor."""
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)


# What a server can do without is removed in the tests with a real one. Without these it
# would not run.
GONE: list[tuple[known.Server, Callable[..., None]]] = [
    (known.UVICORN, another_method),
    (known.UVICORN, no_package),
    (known.UVICORN, no_lifespan),
    (known.UVICORN, no_shutdown),
    (known.UVICORN, read_only),
    (known.DAPHNE, no_reactor),
]


@pytest.fixture(
    name="kind", params=GONE, ids=lambda one: f"{one[0].package}-{one[1].__name__}"
)
def _kind(
    request: pytest.FixtureRequest,
    server: uvicorn.Server,
    monkeypatch: pytest.MonkeyPatch,
) -> known.Server:
    """A kind of server that is not built as it was."""
    kind, remove = request.param
    remove(server, monkeypatch)
    return kind  # type: ignore[no-any-return]


def test_internal_is_gone(
    kind: known.Server,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where a server is built otherwise, one warning says so, and the exit stops."""
    _started, loop = hook(kind, log)

    ((level, text),) = logged(caplog)
    assert level == "WARNING"
    assert text.startswith(
        f"Under this version of {kind} it is not known how to stop the lifespans with "
        "the server ("
    )
    assert text.endswith(
        "). They are stopped if Python exits in peace, as it does not after every "
        f"signal. {kind.advice}"
    )
    exit_in_peace()
    assert log == ["stopped"]
    loop.close()


def test_uvicorn_in_a_thread(
    server: uvicorn.Server, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A server in a thread has no handler: that of the main thread is another's."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        _started, loop = pool.submit(hook, known.UVICORN, log).result()

    ((_, text),) = logged(caplog)
    assert "(RuntimeError: it does not run in the main thread)" in text
    exit_in_peace()
    assert log == ["stopped"]
    loop.close()


def test_closed_before_the_exit(log: list[str]) -> None:
    """At the exit, a loop that has been closed is left alone, and so is a lost one."""
    _started, loop = hook(known.UNKNOWN, log)
    hook(known.UNKNOWN, log)[1].close()
    loop.close()

    exit_in_peace()

    assert log == []


SCRIPT = """
import atexit
# What is registered first is called last.
atexit.register(lambda: loop.is_running() or loop.close())
import asyncio, logging, multiprocessing.util, sys, threading
from lifespan_registry import on_lifespan
from lifespan_registry.asgi import LifespanApplication
logging.basicConfig(stream=sys.stdout, format="%(message).60s")

@on_lifespan
async def db():
    print("+db")
    yield
    await asyncio.sleep(0)
    print("-db", flush=True)

async def plain(scope, receive, send):
    if scope["type"] == "lifespan":
        raise ValueError

application = LifespanApplication(plain)

loop = asyncio.new_event_loop()

def serve():
    loop.run_until_complete(application({"type": "http"}, None, None))
"""

UNKNOWN = "Under this version of an unknown server it is not known how "
FIRST = "The first request starts the lifespans, and waits for them: "


def test_loop_that_is_left_open() -> None:
    """A server that leaves its loop open at the exit has all stopped there."""
    script = SCRIPT + "serve()"

    assert output_of(script) == [FIRST, "+db", "-db"]


def test_loop_that_runs_at_the_exit() -> None:
    """A loop that runs on in a thread, at the exit, is no error."""
    script = f"""{SCRIPT}
serve()
threading.Thread(target=loop.run_forever, daemon=True).start()
"""
    assert output_of(script) == [FIRST, "+db"]


def test_worker_by_multiprocessing() -> None:
    """In a child by `multiprocessing` nothing is called at the exit but this."""
    script = f"""{SCRIPT}
child = multiprocessing.get_context("fork").Process(
    target=lambda: serve()
)
child.start()
child.join()
print(child.exitcode)
"""
    assert output_of(script) == [FIRST, "+db", "-db", "0"]


def test_without_finalizers() -> None:
    """Where `multiprocessing` has no finalizers, the exit of Python is what stops."""
    script = f"""{SCRIPT}
del multiprocessing.util.Finalize
serve()
"""
    assert output_of(script) == [FIRST, UNKNOWN, "+db", "-db"]


def test_fork_without_finalizers() -> None:
    """A fork of the process, at its exit, leaves alone what is not its own."""
    script = f"""{SCRIPT}
import os
del multiprocessing.util.Finalize
serve()
sys.stdout.flush()
if child := os.fork():
    os.waitpid(child, 0)
    print("parent", flush=True)
"""
    assert output_of(script) == [FIRST, UNKNOWN, "+db", "parent", "-db"]
