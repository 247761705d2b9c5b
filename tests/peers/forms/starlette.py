"""Starlette, after its documentation; Django is mounted in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from tests.peers.forms import Application, Around, Functions

PARAMETER = True
AROUND = Around.ANYTHING
READ = "request.state.x"


def application(functions: Functions, inner: Application) -> Starlette:
    managers = [asynccontextmanager(one) for one in functions]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any] | None]:
        async with AsyncExitStack() as stack:
            state: dict[str, Any] = {}
            for manager in managers:
                state.update(await stack.enter_async_context(manager(app)) or ())
            # Where there is a state, a server without one is refused.
            yield state or None

    return Starlette(routes=[Mount("/", inner)], lifespan=lifespan)


def with_value(value: object, inner: Application) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"x": value}

    return Starlette(routes=[Mount("/", inner)], lifespan=lifespan)


def read_in(application: Starlette, scope: Any) -> dict[str, Any]:
    return {"request": Request(scope)}


def django_read(application: Starlette) -> Any:
    return lambda request: request.scope["state"]["x"]
