"""Litestar, after its documentation; Django is mounted in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, asgi
from litestar.types import Receive, Scope, Send

from tests.peers.forms import Application, Around, Functions

PARAMETER = True
AROUND = Around.ANYTHING
READ = "request.app.state.x"


def around(inner: Application) -> Any:
    @asgi("/", is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)

    return mounted


def application(functions: Functions, inner: Application) -> Litestar:
    lifespan: list[Any] = [asynccontextmanager(one) for one in functions]
    return Litestar([around(inner)], lifespan=lifespan)


def with_value(value: object, inner: Application) -> Litestar:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.x = value
        yield

    return Litestar([around(inner)], lifespan=[lifespan])


def read_in(application: Litestar, scope: Any) -> dict[str, Any]:
    return {
        "request": Request({**scope, "litestar_app": application, "app": application})
    }


def django_read(application: Litestar) -> Any:
    return lambda request: application.state.x
