"""Requests find the state, whatever the server gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import (
    CrashedError,
)
from tests.asgi.servers import (
    START_FAILED,
    STARTED,
    STARTUP,
    STOPPED,
    WITHIN,
    Script,
    Server,
    ServerState,
    keys,
    keys_before_own,
    why_not,
    wrapped,
)
from tests.tracked import tracked

KINDS = pytest.mark.parametrize("kind", ["http", "websocket"])


@KINDS
async def test_requests_have_the_state(
    registry: Registry, log: list[str], kind: str, state: ServerState
) -> None:
    """A request has what lifespans have yielded, with or without a server's state."""
    a = tracked(registry, log, "a")
    application = wrapped(
        registry, lambda scope: (scope["state"]["a"], a.get(scope), a.get())
    )
    server = Server(application, state)

    await server.start()
    assert await server.request(kind) == ("a", "a", "a")
    await server.stop()


async def test_server_that_gives_requests_another_state(
    registry: Registry, log: list[str]
) -> None:
    """A state that is there and not ours is completed, and not the server's own."""
    tracked(registry, log, "a")
    server = Server(wrapped(registry, keys), {})
    await server.start()

    server.state = {}
    assert await server.request() == ["a"]
    assert server.state == {}
    server.state = {"own": 1}
    assert await server.request() == ["a", "own"]
    await server.stop()


async def test_additions_of_a_request_are_its_own(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """What a request puts into its state is not seen by the next one."""
    tracked(registry, log, "a")
    server = Server(wrapped(registry, keys_before_own), state)
    await server.start()

    assert await server.request() == ["a"]
    assert await server.request() == ["a"]
    await server.stop()


async def test_only_the_state_is_changed(registry: Registry, log: list[str]) -> None:
    """The scope of a request is a copy with the state; the rest is handed through."""
    a = tracked(registry, log, "a")
    calls: list[tuple[Any, Any, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        calls.append((scope, receive, send))

    server = Script(log)
    scope = {"type": "http", "path": "/", "extensions": {"x": {}}}
    async with registry.run():
        await LifespanApplication(application, registry=registry)(
            scope, server.receive, server.send
        )
        ((given, receive, send),) = calls
        assert a.get(given) == "a"

    assert given == {**scope, "state": given["state"]}
    assert keys(given) == ["a"]
    assert (receive, send) == (server.receive, server.send)
    assert "state" not in scope


async def test_crashed_value_is_in_no_state(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """What has crashed while serving is out of the server's state and of requests'."""
    crash, gone = asyncio.Event(), asyncio.Event()

    async def child() -> None:
        await crash.wait()
        raise RuntimeError

    @registry.on_lifespan
    async def pool() -> AsyncIterator[str]:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(child())
                yield "pool"
        finally:
            gone.set()

    tracked(registry, log, "a")
    server = Server(
        wrapped(registry, lambda scope: [*why_not(pool, scope), *keys(scope)]), state
    )
    await server.start()

    crash.set()
    await gone.wait()

    assert await server.request() == [CrashedError, CrashedError, "a"]
    assert state in (None, {"a": "a", registry.mark: registry.current_run()})
    assert await server.stop() == {"type": STOPPED}


async def test_lifespan_that_calls_its_own_application(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """A request that a lifespan sends during its own start does not wait for it."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        log.append(f"{scope['type']} {keys(scope)}")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    wrapper = LifespanApplication(application, registry=registry)

    async def warm_up() -> None:
        transport = httpx.ASGITransport(wrapper)
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("http://testserver/")

    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=warm_up, startup_timeout=WITHIN)
    server = Server(wrapper, state)

    assert await server.start() == {"type": STARTED}
    assert log == ["+a", "http ['a']", "+b", "lifespan ['a', 'b']"]
    await server.stop()


@pytest.mark.parametrize("options", [{}, {"state_key": "a"}])
async def test_key_of_an_outer_application(
    registry: Registry, log: list[str], options: dict[str, Any]
) -> None:
    """A key that is in the scope's state already is an error that names both."""
    tracked(registry, log, "first", before="a")
    a = tracked(registry, log, "a", **options)
    state = {"a": 1}
    server = Script(log, STARTUP, state=state)

    await server.run(wrapped(registry))

    assert (
        f"the state key 'a' of {a.definition.origin} is taken already, by "
        'scope["state"] itself, where the server or an application around '
        "LifespanApplication has put it.\n"
    ) in server.messages[0]["message"].replace("\n    ", "\n")
    assert log[-1] == START_FAILED
    assert state == {"a": 1}


async def test_state_of_an_outer_application_is_kept(
    registry: Registry, log: list[str]
) -> None:
    """What an outer application has put into the state reaches requests, and stays."""
    tracked(registry, log, "a")
    state: dict[str, Any] = {"outer": 1}
    server = Server(wrapped(registry, keys), state)
    await server.start()

    assert await server.request() == ["outer", "a"]
    await server.stop()
    assert state == {"outer": 1}
