"""A start by a request starts what is wrapped as well, as one by a server does."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import LazyStartError
from tests.asgi.lazy import WARNING, event_loop_ends, in_turn, send, warnings
from tests.asgi.servers import Gate, Plain, Scope, Server, done, keys, wrapped
from tests.core.waiting import some_steps
from tests.tracked import Hook, boom, tracked


class Speaker(Plain):
    """An application with a lifespan, which publishes something, too."""

    def __init__(self, log: list[str], enter: Hook | None = None) -> None:
        super().__init__(keys)
        self.log = log
        self.enter = enter

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await super().__call__(scope, receive, send)
            return
        await receive()
        if self.enter is not None:
            await self.enter()
        scope["state"]["own"] = "own"
        self.log.append("+application")
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        finally:
            self.log.append("-application")
        await send({"type": "lifespan.shutdown.complete"})


async def test_application_with_a_lifespan(registry: Registry, log: list[str]) -> None:
    """The wrapped application starts after the registry's, and stops before them."""
    tracked(registry, log, "a")
    gate = Gate()
    server = Server(LifespanApplication(Speaker(log, gate), registry=registry))

    async with event_loop_ends():
        first = send(server.application)
        await gate.reached.wait()
        assert log == ["+a"]
        # The lifespans are up, and the application is not: others wait for both.
        second = send(server.application)
        await some_steps()
        assert not second.done()
        gate.open.set()
        assert (await done(first), await done(second)) == (None, None)
        assert await server.request() == ["a", "own"]

    assert log == ["+a", "+application", "-application", "-a"]


async def test_application_that_calls_itself(
    registry: Registry, log: list[str]
) -> None:
    """A request that the wrapped application's lifespan sends does not wait for it."""
    tracked(registry, log, "a")

    async def warm_up() -> None:
        assert await done(send(wrapper)) is None
        log.append("warm")

    wrapper = LifespanApplication(Speaker(log, warm_up), registry=registry)

    async with event_loop_ends():
        assert await Server(wrapper).request() == ["a", "own"]

    assert log == ["+a", "warm", "+application", "-application", "-a"]


async def test_wrapper_in_a_wrapper(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The inner wrapper is started by the outer one: one start, and one warning."""
    inner = Registry()
    tracked(registry, log, "outer")
    tracked(inner, log, "inner")
    server = Server(LifespanApplication(wrapped(inner, keys), registry=registry))

    async with event_loop_ends():
        for _ in range(2):
            assert await server.request() == ["outer", "inner"]

    assert log == ["+outer", "+inner", "-inner", "-outer"]
    assert warnings(caplog) == [WARNING]


async def test_wrapper_in_a_wrapper_fails(registry: Registry, log: list[str]) -> None:
    """A failed start of the inner wrapper is one of the outer one, and tried again."""
    inner = Registry()
    tracked(registry, log, "outer")
    tracked(inner, log, "inner", enter=in_turn(boom("first"), dict))
    server = Server(LifespanApplication(wrapped(inner, keys), registry=registry))

    async with event_loop_ends():
        with pytest.raises(LazyStartError, match="RuntimeError: first"):
            await server.request()
        assert await server.request() == ["outer", "inner"]

    assert log == ["+outer", "-outer", "+outer", "+inner", "-inner", "-outer"]


async def test_outer_wrapper_without_lifespans(
    registry: Registry, log: list[str]
) -> None:
    """An outer wrapper that has nothing to start leaves it to the inner one."""
    tracked(registry, log, "a")
    outer = LifespanApplication(wrapped(registry, keys), registry=Registry())

    async with event_loop_ends():
        assert await Server(outer).request() == ["a"]

    assert log == ["+a", "-a"]


async def test_application_around_that_keeps_lifespan_back(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A request starts where another application has answered the lifespan."""
    tracked(registry, log, "a")
    wrapper = wrapped(registry, keys)
    speaker = Speaker(log)

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        application: Any = speaker if scope["type"] == "lifespan" else wrapper
        await application(scope, receive, send)

    server = Server(outer, {})
    async with event_loop_ends():
        await server.start()
        assert await server.request() == ["a", "own"]
        await server.stop()
        assert log == ["+application", "+a", "-application"]

    assert log[-1] == "-a"
    assert warnings(caplog) == [WARNING]


async def test_two_wrappers_of_one_registry(registry: Registry, log: list[str]) -> None:
    """What the request to one wrapper has started serves the other one, too."""
    tracked(registry, log, "a")

    async with event_loop_ends():
        for _ in range(2):
            assert await Server(wrapped(registry, keys)).request() == ["a"]

    assert log == ["+a", "-a"]


# --- context variables -------------------------------------------------------------

of_lifespan: contextvars.ContextVar[str] = contextvars.ContextVar("of_lifespan")
of_request: contextvars.ContextVar[str] = contextvars.ContextVar("of_request")


async def test_requests_have_the_variables(registry: Registry, log: list[str]) -> None:
    """Variables that a lifespan sets are seen by every request, the first one too."""

    @registry.on_lifespan
    async def a() -> AsyncIterator[None]:
        token = of_lifespan.set("a")
        yield
        of_lifespan.reset(token)
        log.append("reset")

    def view(_: Scope) -> str | None:
        return of_lifespan.get(None)

    server = Server(wrapped(registry, view))

    async with event_loop_ends():
        assert [await server.request() for _ in range(2)] == ["a", "a"]

    assert log == ["reset"]


async def test_lifespans_do_not_see_the_request(
    registry: Registry, log: list[str]
) -> None:
    """What the first request has in its context is its own."""
    seen: list[str | None] = []
    tracked(registry, log, "a", enter=lambda: seen.append(of_request.get(None)))
    wrapper = wrapped(registry)

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        of_request.set("secret")
        await wrapper(scope, receive, send)
        assert of_request.get() == "secret"

    async with event_loop_ends():
        await Server(outer).request()

    assert seen == [None]
