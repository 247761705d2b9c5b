"""Context variables that lifespans set are seen by requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from tests.asgi.servers import STARTED, STOPPED, Scope, Server, ServerState, wrapped
from tests.tracked import tracked

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")
region: ContextVar[str] = ContextVar("region")


def seen(scope: Scope) -> tuple[str, str]:
    """Return what a request sees of the two variables."""
    return tenant.get(), region.get("nowhere")


@pytest.fixture(name="registry")
def _registry(log: list[str]) -> Registry:
    """A registry with a lifespan that sets a variable, and resets it."""
    registry = Registry()

    @registry.on_lifespan
    async def sets() -> AsyncIterator[None]:
        token = tenant.set("lifespan")
        yield
        tenant.reset(token)
        log.append(f"reset to {tenant.get()}")

    return registry


async def test_requests_see_them(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """A request has the variables that lifespans have set, on every server."""
    server = Server(wrapped(registry, seen), state)

    assert await server.start() == {"type": STARTED}
    assert await server.request() == ("lifespan", "nowhere")
    assert await server.request("websocket") == ("lifespan", "nowhere")
    assert await server.stop() == {"type": STOPPED}
    assert log == ["reset to nobody"]


async def test_later_lifespan_has_the_last_word(
    registry: Registry, state: ServerState
) -> None:
    """Where two set one variable, requests see what the later one has set."""

    @registry.on_lifespan(requires="sets")
    async def later() -> AsyncIterator[None]:
        tenant.set(f"later than {tenant.get()}")
        region.set("north")
        yield

    server = Server(wrapped(registry, seen), state)

    await server.start()
    assert await server.request() == ("later than lifespan", "north")
    await server.stop()


async def test_outer_value_of_a_request_wins(
    registry: Registry, state: ServerState
) -> None:
    """What an application around the wrapper sets for a request stays as it is."""
    wrapper = wrapped(registry, seen)

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            tenant.set("middleware")
        await wrapper(scope, receive, send)

    server = Server(middleware, state)

    await server.start()
    assert await server.request("http") == ("middleware", "nowhere")
    assert await server.request("websocket") == ("lifespan", "nowhere")
    await server.stop()


async def test_one_request_does_not_change_them_for_another(
    registry: Registry, state: ServerState
) -> None:
    """What a request sets is its own."""

    def view(scope: Scope) -> str:
        before = tenant.get()
        tenant.set("request")
        return before

    server = Server(wrapped(registry, view), state)

    await server.start()
    assert await server.request() == "lifespan"
    assert await server.request() == "lifespan"
    await server.stop()


async def test_wrapper_in_a_wrapper(registry: Registry, state: ServerState) -> None:
    """Requests see the variables of the lifespans of both wrappers."""
    other = Registry()

    @other.on_lifespan
    async def sets_region() -> AsyncIterator[None]:
        region.set("north")
        yield

    application = LifespanApplication(wrapped(registry, seen), registry=other)
    server = Server(application, state)

    await server.start()
    assert await server.request() == ("lifespan", "north")
    await server.stop()


async def test_no_cost_where_none_is_set(log: list[str]) -> None:
    """Without variables, a request with its state goes straight to the application."""
    registry = Registry()
    tracked(registry, log, "a")
    wrapper = wrapped(registry, seen)
    server = Server(wrapper, {})

    await server.start()
    assert wrapper._serve is wrapper.app
    assert await server.request() == ("nobody", "nowhere")
    await server.stop()
