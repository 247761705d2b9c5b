"""What stands behind some context variables belongs to one request alone."""

from __future__ import annotations

import decimal
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import Any

import pytest
from django.core.cache import caches

from lifespan_registry import Registry
from tests.asgi.servers import STARTED, STOPPED, Scope, Server, ServerState, wrapped

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


@pytest.fixture(name="state", params=["state", "no state"])
def _state(request: pytest.FixtureRequest) -> ServerState:
    """The state of a server that knows lifespan state, and of one that does not."""
    return {} if request.param == "state" else None


def the_cache() -> Any:
    """Return Django's cache object of the current context."""
    return caches["default"]


@pytest.mark.parametrize("used", [the_cache, decimal.getcontext])
async def test_requests_have_their_own(
    registry: Registry, state: ServerState, used: Callable[[], Any]
) -> None:
    """A lifespan that uses a cache, or decimal, shares none of it with requests."""
    of_lifespans: list[object] = []

    @registry.on_lifespan
    async def uses() -> AsyncIterator[None]:
        tenant.set("lifespan")
        of_lifespans.append(used())
        yield
        of_lifespans.append(used())

    @registry.on_lifespan(requires="uses")
    async def later() -> AsyncIterator[None]:
        yield of_lifespans.append(used())

    def view(scope: Scope) -> tuple[object, object, str]:
        return used(), used(), tenant.get()

    server = Server(wrapped(registry, view), state)
    assert await server.start() == {"type": STARTED}
    first, again, of_first = await server.request()
    second, _, of_second = await server.request()
    assert await server.stop() == {"type": STOPPED}

    assert first is again
    assert len({id(one) for one in (first, second, of_lifespans[0])}) == 3
    assert [one is of_lifespans[0] for one in of_lifespans] == [True, True, True]
    assert (of_first, of_second) == ("lifespan", "lifespan")


async def test_nothing_is_applied_where_they_are_all(registry: Registry) -> None:
    """Where lifespans have set no others, requests go straight on."""

    @registry.on_lifespan
    async def uses() -> AsyncIterator[None]:
        yield the_cache()

    wrapper = wrapped(registry)
    server = Server(wrapper, {})

    assert await server.start() == {"type": STARTED}
    assert wrapper._serve is wrapper.app
    assert await server.stop() == {"type": STOPPED}
