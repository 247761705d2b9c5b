"""asgi-lifespan-middleware, after its README: one for each lifespan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgi_lifespan_middleware import LifespanMiddleware

from tests.peers.forms import Application, Around, Functions

PARAMETER = True
AROUND = Around.ANYTHING
READ = None  # it has nothing to do with values
MOST = 200  # each is a call within the call of the one before it


def application(functions: Functions, inner: Application) -> Application:
    # The outermost one starts first.
    for function in reversed(functions):
        lifespan: Any = asynccontextmanager(function)
        inner = LifespanMiddleware(inner, lifespan=lifespan)
    return inner


def with_value(value: object, inner: Application) -> Application:
    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        yield

    return LifespanMiddleware(inner, lifespan=lifespan)
