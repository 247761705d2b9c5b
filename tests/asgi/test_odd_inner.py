"""Wrapped applications, servers and errors of odd forms."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import Origin
from tests.asgi.inner import serve, speaker, text
from tests.asgi.servers import (
    SHUTDOWN,
    START_FAILED,
    STARTED,
    STARTUP,
    STOP_FAILED,
    STOPPED,
    Plain,
    Script,
    Server,
    keys,
    wrapped,
)
from tests.core.test_odd_errors import UNREADABLE, UnreadableError
from tests.tracked import boom, tracked


@pytest.fixture(name="registry")
def _registry(log: list[str]) -> Registry:
    """A registry with one lifespan."""
    registry = Registry()
    tracked(registry, log, "a")
    return registry


async def test_startup_failed_with_the_message_none(
    registry: Registry, log: list[str]
) -> None:
    """An inner startup that has failed is a failure, whatever its message is."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": START_FAILED, "message": None})

    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages[0]["message"] == text(
        application, "start", "startup", ", and did not say why."
    )


async def test_shutdown_failed_with_the_message_none(
    registry: Registry, log: list[str]
) -> None:
    """An inner shutdown that has failed is a failure, whatever its message is."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": STARTED})
        await receive()
        await send({"type": STOP_FAILED, "message": None})

    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", STARTED, "-a", STOP_FAILED]
    assert server.messages[1]["message"] == text(
        application, "stop", "shutdown", ", and did not say why."
    )


class Nameless(Plain):
    """An application with a qualified name that is no text, and no code of its own."""

    __code__ = "none"

    def __init__(self) -> None:
        super().__init__(keys)
        self.__qualname__ = 3


plain = Plain(keys)
by_lambda = lambda scope, *talk: plain(scope, *talk)  # noqa: E731, PLW0108


@pytest.mark.parametrize(
    "application",
    [by_lambda, functools.partial(plain), functools.partial(by_lambda), Nameless()],
    ids=["lambda", "partial of an object", "partial of a lambda", "nameless"],
)
async def test_nameless_applications(
    registry: Registry, log: list[str], application: Any
) -> None:
    """An application that has no name to speak of is wrapped like any other."""
    server = Server(LifespanApplication(application, registry=registry), {})

    assert await server.start() == {"type": STARTED}
    assert await server.request() == ["a"]
    assert await server.stop() == {"type": STOPPED}
    assert log == ["+a", "-a"]


async def test_state_of_the_lifespan_is_none(
    registry: Registry, log: list[str]
) -> None:
    """A server whose state is None has no state: requests get it all the same."""
    server = Script(log, STARTUP, SHUTDOWN)
    server.scope["state"] = None
    await server.run(wrapped(registry))

    assert log == ["+a", STARTED, "-a", STOPPED]


async def test_state_of_a_request_is_none(registry: Registry) -> None:
    """A request whose state is None is given one."""
    application = wrapped(registry, keys)

    async def server_side(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "state": None}, receive, send)

    server = Server(server_side)

    assert await server.start() == {"type": STARTED}
    assert await server.request() == ["a"]
    assert await server.stop() == {"type": STOPPED}


async def test_text_of_an_error_cannot_be_had(
    registry: Registry, log: list[str]
) -> None:
    """A start that fails of an unreadable error is answered as failed, by its name."""
    bad = tracked(registry, log, "bad", requires="a", enter=boom(kind=UnreadableError))
    server = Script(log, STARTUP, SHUTDOWN)
    await server.run(wrapped(registry))

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages[0]["message"] == (
        f"1 lifespan failed to start:\n    {bad.definition.origin}: {UNREADABLE}"
    )


async def test_inner_application_takes_a_published_key(
    registry: Registry, log: list[str]
) -> None:
    """An inner lifespan that takes one of our keys fails the start, by both names."""
    b = tracked(registry, log, "b")

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        scope["state"].update({"shop": "theirs", "b": "theirs"})
        await send({"type": STARTED})
        await receive()
        log.append("-shop")
        await send({"type": STOPPED})

    server = await serve(registry, log, shop)

    assert log == ["+a", "+b", "-shop", "-b", "-a", START_FAILED]
    code = shop.__code__
    name = f"{test_inner_application_takes_a_published_key.__name__}.<locals>.shop"
    message = server.messages[0]["message"]
    assert str(b.definition.origin) in message
    assert str(Origin(name, code.co_filename, code.co_firstlineno)) in message
    assert keys(server.scope) == ["shop"]


async def test_inner_application_keeps_a_published_value(
    registry: Registry, log: list[str]
) -> None:
    """An inner lifespan may put our own value back, and values of its own beside."""

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        scope["state"].update({"shop": "theirs", **scope["state"]})
        await send({"type": STARTED})
        await receive()
        await send({"type": STOPPED})

    await serve(registry, log, shop)

    assert log == ["+a", STARTED, "-a", STOPPED]
