"""A run that a piece of code has for itself, beside that of the server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry.exceptions import NotInThisRunError
from tests.asgi.servers import STARTED, STOPPED, Scope, Server, ServerState, wrapped

Handles = dict[str, Lifespan[str]]


@pytest.fixture(name="handles")
def _handles(registry: Registry) -> Handles:
    """Lifespans whose values say how often they have been started."""

    def add(name: str) -> Lifespan[str]:
        count = itertools.count(1)

        async def lifespan() -> AsyncIterator[str]:
            yield f"{name} {next(count)}"

        return registry.on_lifespan(name=name)(lifespan)

    return {name: add(name) for name in ("db", "mailer")}


def values(handles: Handles, *source: Any) -> list[str]:
    """Return what the handles give."""
    return [one.get(*source) for one in handles.values()]


async def test_requests_have_the_run_of_the_server(
    registry: Registry, handles: Handles, state: ServerState
) -> None:
    """Requests keep the values of the server; inside the block are its own."""

    def view(scope: Scope) -> list[Any]:
        return [
            values(handles),
            values(handles, scope),
            {key: one for key, one in scope["state"].items() if ":" not in key},
        ]

    server = Server(wrapped(registry, view), state)
    assert await server.start() == {"type": STARTED}
    first = ["db 1", "mailer 1"]
    usual = [first, first, {"db": "db 1", "mailer": "mailer 1"}]
    assert await server.request() == usual
    is_open, close = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        async with registry.run(only="mailer") as run:
            assert dict(run.state) == {"mailer": "mailer 2"}
            assert handles["mailer"].get() == "mailer 2"
            assert registry.current_run() is run
            with pytest.raises(NotInThisRunError, match="left out by only="):
                handles["db"].get()
            is_open.set()
            await close.wait()
            assert handles["mailer"].get() == "mailer 2"
        assert values(handles) == first

    task = asyncio.create_task(job())
    await is_open.wait()
    assert await server.request() == usual
    assert await server.request("websocket") == usual
    assert values(handles) == first

    close.set()
    await task
    assert await server.request() == usual
    assert await server.stop() == {"type": STOPPED}


async def test_run_inside_a_request(
    registry: Registry, handles: Handles, state: ServerState
) -> None:
    """A view that opens a run of its own has its values, and then the server's."""
    seen: list[list[str]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await plain(scope, receive, send)
        if scope["type"] == "http":
            async with registry.run():
                seen.append(values(handles))
            seen.append(values(handles))

    plain = wrapped(registry)
    server = Server(application, state)
    await server.start()

    await server.request()
    await server.request()

    assert seen == [
        ["db 2", "mailer 2"],
        ["db 1", "mailer 1"],
        ["db 3", "mailer 3"],
        ["db 1", "mailer 1"],
    ]
    assert await server.stop() == {"type": STOPPED}
