"""Starts by a request on several event loops, and what is left of them."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import weakref

import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from tests.asgi.lazy import WARNING, send, warnings
from tests.asgi.servers import Server, done, keys, wrapped
from tests.core.processes import output_of
from tests.tracked import tracked


async def serve(application: LifespanApplication, times: int = 1) -> None:
    """Send requests, each of which has a value."""
    for _ in range(times):
        assert await Server(application).request() == ["a"]


def test_loops_one_after_the_other(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Each loop has a start of its own, and a stop; there is one warning for all."""
    tracked(registry, log, "a")
    application = wrapped(registry, keys)

    for _ in range(2):
        asyncio.run(serve(application, 2))

    assert log == ["+a", "-a"] * 2
    assert warnings(caplog) == [WARNING]


def test_loops_at_once(registry: Registry, log: list[str]) -> None:
    """Two loops in two threads do not wait for one another's start."""
    both = threading.Barrier(2)

    def meet() -> None:
        both.wait(10)

    tracked(registry, log, "a", enter=meet, leave=meet)
    application = wrapped(registry, keys)
    threads = [
        threading.Thread(target=lambda: asyncio.run(serve(application)))
        for _ in range(2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)

    assert log == ["+a", "+a", "-a", "-a"]


def test_nothing_is_kept_of_a_loop(registry: Registry, log: list[str]) -> None:
    """When the loop is closed, neither it nor what has been started there is kept."""
    tracked(registry, log, "a")
    application = wrapped(registry, keys)

    async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
        await serve(application)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(main())

    gc.collect()
    assert loop() is None
    assert log == ["+a", "-a"]


def test_nothing_is_kept_of_a_failed_start(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is anything kept where the start has failed."""
    tracked(registry, log, "a", requires="nobody")
    application = wrapped(registry, keys)

    async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
        error = await done(send(application))
        assert error is not None
        error.__traceback__ = None
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(main())

    # The log has the errors, and they lead to the frames that they came through.
    caplog.clear()
    gc.collect()
    assert loop() is None


def test_loop_that_a_server_has_used(registry: Registry, log: list[str]) -> None:
    """That a server has sent lifespan on one loop says nothing about the next one."""
    tracked(registry, log, "a")
    application = wrapped(registry, keys)

    async def sent_by_the_server() -> None:
        server = Server(application)
        await server.start()
        await server.stop()

    asyncio.run(sent_by_the_server())
    asyncio.run(serve(application))

    assert log == ["+a", "-a"] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs os.fork()")
def test_after_a_fork() -> None:
    """A child of a process that has started by a request starts by its own."""
    script = """
import asyncio, atexit, logging, os
from lifespan_registry import on_lifespan
from lifespan_registry.asgi import LifespanApplication
logging.disable(logging.WARNING)
parent = os.getpid()

# What is registered first is called last.
atexit.register(lambda: os.getpid() == parent and loop.close())

def note(event):
    who = "parent" if os.getpid() == parent else "child"
    os.write(1, f"{event} {who}\\n".encode())

@on_lifespan
async def db():
    note("+db")
    yield os.getpid()
    note("-db")

async def plain(scope, receive, send):
    if scope["type"] == "lifespan":
        raise ValueError
    assert scope["state"]["db"] == db.get() == os.getpid()

application = LifespanApplication(plain)
loop = asyncio.new_event_loop()
loop.run_until_complete(application({"type": "http"}, None, None))
if not (child := os.fork()):
    asyncio.run(application({"type": "http"}, None, None))
else:
    assert os.waitpid(child, 0) == (child, 0)
    note("waited")
"""
    assert output_of(script) == [
        *("+db parent", "+db child", "-db child"),
        *("waited parent", "-db parent"),
    ]


def test_without_asyncio(registry: Registry, log: list[str]) -> None:
    """Where no event loop of asyncio runs, the request is told so."""
    tracked(registry, log, "a")
    request = wrapped(registry)({"type": "http"}, None, None)

    with pytest.raises(RuntimeError, match="no running event loop"):
        request.send(None)

    assert log == []


def test_lifespan_without_asyncio(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where a server without asyncio sends lifespan, it is told that it cannot be."""
    tracked(registry, log, "a")

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def answer(message: dict[str, str]) -> None:
        log.append(f"{message['type']}: {message['message']}")

    with caplog.at_level(logging.CRITICAL), pytest.raises(StopIteration):
        wrapped(registry)({"type": "lifespan"}, receive, answer).send(None)

    assert log == ["lifespan.startup.failed: RuntimeError: no running event loop"]
