"""fastapi-lifespan-manager, after its README; Django is mounted in FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi_lifespan_manager import LifespanManager, State

from tests.peers.forms import Application, Around, Functions

PARAMETER = True
AROUND = Around.ANYTHING
COLLECTS = True
READ = "request.state.x"


def application(functions: Functions, inner: Application) -> FastAPI:
    manager = LifespanManager()
    for function in functions:
        manager.add(function)
    app = FastAPI(lifespan=manager)
    app.mount("/", inner)
    return app


def with_value(value: object, inner: Application) -> FastAPI:
    async def x(app: FastAPI) -> AsyncIterator[State]:
        yield {"x": value}

    return application([x], inner)


def read_in(application: FastAPI, scope: Any) -> dict[str, Any]:
    return {"request": Request(scope)}


def django_read(application: FastAPI) -> Any:
    return lambda request: request.scope["state"]["x"]
