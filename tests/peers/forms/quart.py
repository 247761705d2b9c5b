"""Quart, after its documentation. It serves its own views alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from quart import Quart

from tests.peers.forms import Application, Around, Functions

PARAMETER = False
AROUND = Around.NOTHING
READ = "app.x"


def application(functions: Functions, inner: Application) -> Quart:
    app = Quart(__name__)
    for function in functions:
        app.while_serving(function)
    return app


def with_value(value: object, inner: Application) -> Quart:
    app = Quart(__name__)

    @app.while_serving
    async def x() -> AsyncIterator[None]:
        app.x = value
        yield

    return app


def read_in(application: Quart, scope: Any) -> dict[str, Any]:
    return {"app": application}


def limit(application: Quart, seconds: float) -> None:
    application.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = seconds
