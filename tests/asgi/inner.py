"""Wrapped applications that speak lifespan, each in its own way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import Origin
from tests.asgi.servers import (
    SHUTDOWN,
    STARTUP,
    Script,
)

Talk = Callable[..., Awaitable[None]]


def speaker(talk: Talk) -> Talk:
    """Return an application whose lifespan is *talk*, which receives and sends."""

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        await talk(receive, send)

    return shop


def where(application: Any) -> str:
    """Return how messages name the *application* of `speaker`."""
    code = application.__code__
    return str(Origin("speaker.<locals>.shop", code.co_filename, code.co_firstlineno))


def text(application: Any, verb: str, phase: str, said: str) -> str:
    """Return the message that a server gets of a failure of *application*."""
    return (
        f"1 lifespan failed to {verb}:\n    {where(application)}: ApplicationError: "
        "the lifespan of the application (speaker.<locals>.shop) failed at "
        f"its {phase}{said}"
    )


async def serve(registry: Registry, log: list[str], application: Any) -> Script:
    """Start and stop *application* in its wrapper."""
    server = Script(log, STARTUP, SHUTDOWN)
    await server.run(LifespanApplication(application, registry=registry))
    return server
