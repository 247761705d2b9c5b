"""The signal that ends a server, heard before its server lets the lifespans stop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.servers import notice
from lifespan_registry.wsgi import LifespanWSGIApplication
from tests.asgi.servers import STARTED, Plain, Server, logged
from tests.core.waiting import some_steps, until

TERM = signal.SIGTERM


@pytest.fixture(name="heard")
def _heard() -> Iterator[list[int]]:
    """What a server's own handlers of the signals have heard."""
    heard: list[int] = []

    def hear(number: int, frame: object) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in notice.NUMBERS}
    yield heard
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_set_by_the_signal(registry: Registry, heard: list[int]) -> None:
    """With ``STOPPING_ON_SIGNAL`` it is set, and the server hears the signal."""
    registry.stopping_on_signal = True
    before = signal.getsignal(TERM)
    server = Server(LifespanApplication(Plain(), registry=registry))
    assert await server.start() == {"type": STARTED}
    run = registry.current_run()
    assert run is not None
    assert not run.stopping.is_set()
    signal.raise_signal(TERM)
    await until(run.stopping.is_set)
    signal.raise_signal(signal.SIGINT)
    await server.stop()
    assert heard == [TERM, signal.SIGINT]
    assert signal.getsignal(TERM) is before


async def test_left_alone_by_default(registry: Registry, heard: list[int]) -> None:
    """Without the setting no signal is touched; the event is set by the stop."""
    before = signal.getsignal(TERM)
    server = Server(LifespanApplication(Plain(), registry=registry))
    await server.start()
    run = registry.current_run()
    assert run is not None
    assert signal.getsignal(TERM) is before
    signal.raise_signal(TERM)
    await some_steps()
    assert not run.stopping.is_set()
    await server.stop()
    assert run.stopping.is_set()


async def test_set_before_any_cleanup(registry: Registry) -> None:
    """At the stop it is set before the first lifespan is exited; at a failure, too."""
    seen: list[bool] = []

    @registry.on_lifespan
    async def first() -> AsyncIterator[None]:
        yield
        seen.append(run.stopping.is_set())

    async with registry.run() as run:
        waiting = asyncio.create_task(run.stopping.wait())
    assert await waiting

    @registry.on_lifespan(after="first")
    async def failing() -> AsyncIterator[None]:
        raise ValueError
        yield

    run = registry.run()
    with pytest.raises(ExceptionGroup):
        await run.__aenter__()
    assert seen == [True, True]


async def test_other_thread(
    registry: Registry, caplog: pytest.LogCaptureFixture, heard: list[int]
) -> None:
    """Outside of the main thread nothing is changed, which the log tells at DEBUG."""
    caplog.set_level("DEBUG", "lifespan_registry")
    announced: list[int] = []
    before = signal.getsignal(TERM)

    def listen() -> None:
        with notice.given(lambda: announced.append(1)):
            assert signal.getsignal(TERM) is before

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    ((level, text),) = logged(caplog)
    assert level == "DEBUG"
    assert text.startswith("STOPPING_ON_SIGNAL has no effect outside of the main ")


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_handlers_of_the_system(handler: Any, heard: list[int]) -> None:
    """What nothing in Python handles stays as it is."""
    signal.signal(TERM, handler)
    with notice.given(lambda: None):
        assert signal.getsignal(TERM) is handler
    assert signal.getsignal(TERM) is handler


def test_several(heard: list[int]) -> None:
    """Several may listen, and end in any order; at the end all is as it was."""
    announced: list[str] = []
    server = signal.getsignal(TERM)
    one, two = (notice.given(lambda name=name: announced.append(name)) for name in "ab")
    one.__enter__()
    two.__enter__()
    signal.raise_signal(TERM)
    assert announced == ["b", "a"]
    one.__exit__(None, None, None)
    signal.raise_signal(TERM)
    assert announced == ["b", "a", "b"]
    two.__exit__(None, None, None)
    assert signal.getsignal(TERM) is server
    assert heard == [TERM, TERM]


def test_owner_of_the_handler(heard: list[int]) -> None:
    """Who looks for the server behind the handler finds it, as sse-starlette does."""
    server = uvicorn.Server(uvicorn.Config("nothing:nothing"))
    signal.signal(TERM, server.handle_exit)
    with notice.given(lambda: None), notice.given(lambda: None):
        handler: Any = signal.getsignal(TERM)
        assert handler.__self__ is server
    signal.signal(TERM, lambda number, frame: None)
    with notice.given(lambda: None):
        assert not hasattr(signal.getsignal(TERM), "__self__")


def test_end_in_another_thread(registry: Registry, heard: list[int]) -> None:
    """Lifespans of a WSGI worker may be stopped by another thread than has started."""
    log: list[str] = []

    @registry.on_lifespan
    def database() -> Iterator[None]:
        log.append("+")
        yield
        log.append("-")

    registry.stopping_on_signal = True
    application = LifespanWSGIApplication(Plain(), registry=registry)  # type: ignore[arg-type]
    for _ in range(2):
        application.start()
        thread = threading.Thread(target=application.stop)
        thread.start()
        thread.join()
    assert log == ["+", "-", "+", "-"]
    # The next one to end takes off what could not be taken off there.
    with notice.given(lambda: None):
        pass
    assert not isinstance(signal.getsignal(TERM), notice.Link)


async def test_after_the_end(registry: Registry, heard: list[int]) -> None:
    """A signal that comes when the loop is gone, or in a fork, does nothing more."""
    run = registry.run()
    loop = asyncio.new_event_loop()

    async def live() -> None:
        async with run:
            pass

    await asyncio.to_thread(loop.run_until_complete, live())
    loop.close()
    run.announce_stop()

    other = registry.run()
    async with other:
        other.pid = os.getpid() + 1
        other.announce_stop()
        await asyncio.sleep(0)
        assert not other.stopping.is_set()
        other.pid = os.getpid()


async def test_hypercorn_built_otherwise(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where Hypercorn's worker has no such event any more, one warning says so."""
    hypercorn = pytest.importorskip("hypercorn.asyncio.run")
    process: Any = multiprocessing.current_process()
    monkeypatch.setattr(process, "_target", hypercorn.asyncio_worker, raising=False)
    monkeypatch.setattr(process, "_kwargs", {}, raising=False)
    with notice.given(lambda: None):
        pass
    ((level, text),) = logged(caplog)
    assert level == "WARNING"
    assert text == (
        "STOPPING_ON_SIGNAL does not know this version of Hypercorn (KeyError: "
        "'shutdown_event'): run.stopping is set when the lifespans begin to stop."
    )


def test_hypercorn_without_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A WSGI application under Hypercorn may be started where no loop runs."""
    hypercorn = pytest.importorskip("hypercorn.asyncio.run")
    process: Any = multiprocessing.current_process()
    monkeypatch.setattr(process, "_target", hypercorn.asyncio_worker, raising=False)
    with notice.given(lambda: None):
        pass
