"""Where the server sends no lifespan, the first request starts what it would have."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import (
    LazyRefusedError,
    NotStartedError,
    OverrideError,
    StoppedError,
)
from tests.asgi.lazy import ADVICE, WARNING, event_loop_ends, send, warnings
from tests.asgi.servers import (
    STARTED,
    STOPPED,
    WITHIN,
    Gate,
    Server,
    ServerState,
    done,
    keys,
    keys_before_own,
    logged,
    why_not,
    wrapped,
)
from tests.core.waiting import until
from tests.tracked import tracked

KINDS = pytest.mark.parametrize("kind", ["http", "websocket", "unknown"])


@KINDS
async def test_first_request_starts(
    registry: Registry,
    log: list[str],
    kind: str,
    state: ServerState,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first request starts the lifespans; all have the state as under a server."""
    a = tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    application = wrapped(
        registry, lambda scope: (scope["state"]["a"], a.get(scope), a.get())
    )
    server = Server(application, state)

    async with event_loop_ends():
        assert await server.request(kind) == ("a", "a", "a")
        assert await server.request(kind) == ("a", "a", "a")
        assert log == ["+a", "+b"]

    assert log == ["+a", "+b", "-b", "-a"]
    assert warnings(caplog) == [WARNING]


async def test_override_of_a_test(registry: Registry, log: list[str]) -> None:
    """Under an override nothing is started that would outlive it."""
    tracked(registry, log, "a")
    server = Server(wrapped(registry, keys))

    async with event_loop_ends():
        with registry.override(a="fake"):
            with pytest.raises(OverrideError, match="start a run in it"):
                await server.request()
            async with registry.run():
                assert await server.request() == ["a"]
        assert log == []
        assert await server.request() == ["a"]
    assert log == ["+a", "-a"]


@KINDS
async def test_others_wait(registry: Registry, log: list[str], kind: str) -> None:
    """Requests that come during the start wait for it, and start nothing more."""
    gate = Gate()
    tracked(registry, log, "a", enter=gate)
    server = Server(wrapped(registry, keys))

    async with event_loop_ends(), asyncio.TaskGroup() as group:
        first = group.create_task(server.request(kind))
        await gate.reached.wait()
        others = [group.create_task(server.request(kind)) for _ in range(3)]
        await server.arrived.wait()
        assert log == []
        gate.open.set()
        assert [await one for one in (first, *others)] == [["a"]] * 4

    assert log == ["+a", "-a"]


async def test_two_applications_with_one_registry(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What is asked at the same time, as for HTTP and for websockets, starts once."""
    tracked(registry, log, "a")
    servers = [Server(wrapped(registry, keys)) for _ in range(2)]

    async with event_loop_ends():
        async with asyncio.TaskGroup() as group:
            requests = [group.create_task(one.request()) for one in servers]
        assert [one.result() for one in requests] == [["a"], ["a"]]

    assert log == ["+a", "-a"]
    assert warnings(caplog) == [WARNING]


async def test_additions_of_a_request_are_its_own(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """What a request puts into its state is not seen by the next one."""
    tracked(registry, log, "a")
    server = Server(wrapped(registry, keys_before_own), state)

    async with event_loop_ends():
        assert await server.request() == ["a"]
        assert await server.request() == ["a"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_refused(
    registry: Registry, log: list[str], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the registry is not lazy, nothing is started, and the request is told."""
    tracked(registry, log, "a")
    registry.lazy = False
    server = Server(wrapped(registry, keys))

    for _ in range(2):
        with pytest.raises(LazyRefusedError) as refused:
            await server.request(kind)

    assert (refused.value.server, refused.value.advice) == ("an unknown server", ADVICE)
    assert str(refused.value) == (
        "no lifespans have been started: the server has not started them. It is an "
        f"unknown server. {ADVICE}\n"
        'LIFESPAN_REGISTRY = {"LAZY": False} keeps requests from starting them.'
    )
    assert log == []
    assert logged(caplog) == []


async def test_lazy_again(registry: Registry, log: list[str]) -> None:
    """A registry that is lazy again starts by the next request."""
    tracked(registry, log, "a")
    registry.lazy = False
    server = Server(wrapped(registry, keys))
    with pytest.raises(LazyRefusedError):
        await server.request()

    registry.lazy = True

    async with event_loop_ends():
        assert await server.request() == ["a"]


async def test_nothing_to_start(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """A registry without lifespans needs no start, and nobody is warned or refused."""
    registry.lazy = False
    server = Server(wrapped(registry, keys))

    assert await server.request() == []
    assert logged(caplog) == []


# --- servers that send lifespan ----------------------------------------------------


async def test_after_the_stop(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """A request after the stop of the server starts nothing."""
    a = tracked(registry, log, "a")
    server = Server(wrapped(registry, lambda scope: why_not(a, scope)), state)
    assert await server.start() == {"type": STARTED}
    assert await server.stop() == {"type": STOPPED}

    assert await server.request() == [StoppedError] * 2
    assert log == ["+a", "-a"]


async def test_before_the_startup(registry: Registry, log: list[str]) -> None:
    """A server that has begun to speak lifespan is not forestalled by a request."""
    a = tracked(registry, log, "a")
    application = wrapped(registry, lambda scope: why_not(a, scope))

    async with event_loop_ends():
        speaking = send(application, "lifespan")
        await until(lambda: application in speaking.get_stack()[0].f_locals.values())
        assert await Server(application).request() == [NotStartedError] * 2

    assert log == []


async def test_failed_start_of_a_server(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where the start by a server has failed, no request tries again."""

    def fail() -> None:
        log.append("fail")
        raise OSError

    tracked(registry, log, "a", enter=fail)
    server = Server(wrapped(registry, keys))
    await server.start()

    assert await server.request() == []
    assert log == ["fail"]
    assert warnings(caplog) == []


async def test_run_of_a_test(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A test that has started a run itself is served by it, and starts nothing more."""
    tracked(registry, log, "a")
    transport = httpx.ASGITransport(LifespanApplication(hello, registry=registry))
    client = httpx.AsyncClient(transport=transport, base_url="http://testserver")

    async with registry.run(), client:
        assert (await client.get("/")).text == "a"
        assert log == ["+a"]

    assert log == ["+a", "-a"]
    assert warnings(caplog) == []


async def test_several_runs_of_a_test(registry: Registry, log: list[str]) -> None:
    """Where it cannot be told which of several runs is meant, no other is started."""
    tracked(registry, log, "a")
    server = Server(wrapped(registry, keys))
    all_three = asyncio.Barrier(3)

    async def hold() -> None:
        async with registry.run():
            await all_three.wait()
            await all_three.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(hold())
        await all_three.wait()
        assert await server.request() == []
        await all_three.wait()

    assert log == ["+a", "+a", "-a", "-a"]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request with the value of the lifespan ``a``."""
    body = scope["state"]["a"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


# --- requests of the lifespans themselves ------------------------------------------


async def test_lifespan_that_calls_its_own_application(
    registry: Registry, log: list[str]
) -> None:
    """A request that a lifespan sends during the start does not wait for it."""
    application = LifespanApplication(hello, registry=registry)

    async def warm_up() -> None:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport) as client:
            log.append((await client.get("http://testserver/")).text)

    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=warm_up, startup_timeout=WITHIN)

    async with event_loop_ends():
        assert await done(send(application)) is None
        assert log == ["+a", "a", "+b"]


async def test_task_of_a_lifespan(registry: Registry, log: list[str]) -> None:
    """A task that a lifespan has begun waits for the start no more than it does."""
    gate = Gate()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        log.append(f"{scope['type']} {keys(scope)}")

    wrapper = LifespanApplication(application, registry=registry)

    async def begin() -> None:
        await done(send(wrapper))

    tracked(registry, log, "a", enter=begin, startup_timeout=WITHIN)
    tracked(registry, log, "b", requires="a", enter=gate)

    async with event_loop_ends():
        request = send(wrapper)
        await gate.reached.wait()
        assert log == ["http []", "+a"]
        gate.open.set()
        assert await done(request) is None

    assert log == [
        *("http []", "+a", "+b", "lifespan ['a', 'b']"),
        *("http ['a', 'b']", "-b", "-a"),
    ]
