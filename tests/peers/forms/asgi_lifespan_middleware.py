"""asgi-lifespan-middleware, after its README: one, with an exit stack for several."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from asgi_lifespan_middleware import LifespanMiddleware

from tests.peers.forms import Application, Around, Functions

PARAMETER = True
AROUND = Around.ANYTHING
READ = None  # it has nothing to do with values


def application(functions: Functions, inner: Application) -> Application:
    managers: list[Any] = [asynccontextmanager(one) for one in functions]

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for manager in managers:
                await stack.enter_async_context(manager(app))
            yield

    return LifespanMiddleware(inner, lifespan=lifespan)


def with_value(value: object, inner: Application) -> Application:
    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        yield

    return LifespanMiddleware(inner, lifespan=lifespan)
