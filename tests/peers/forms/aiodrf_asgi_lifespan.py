"""aiodrf-asgi-lifespan, after its README."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiodrf_asgi_lifespan.asgi import LifespanApplication, get_lifespan_state

from tests.peers.forms import Application, Around, Functions, asgi_request

PARAMETER = False
AROUND = Around.ANYTHING
READ = "get_lifespan_state(request, Resources).x"


@dataclass
class Resources:
    """What the views may use."""

    x: object


def application(functions: Functions, inner: Application) -> LifespanApplication:
    managers = [asynccontextmanager(one) for one in functions]

    @asynccontextmanager
    async def resources() -> AsyncIterator[Resources | None]:
        async with AsyncExitStack() as stack:
            values: dict[str, Any] = {}
            for manager in managers:
                values.update(await stack.enter_async_context(manager()) or ())
            yield Resources(values["x"]) if values else None

    return LifespanApplication(inner, lifespan=resources)


def with_value(value: object, inner: Application) -> LifespanApplication:
    @asynccontextmanager
    async def resources() -> AsyncIterator[Resources]:
        yield Resources(value)

    return LifespanApplication(inner, lifespan=resources)


def read_in(application: LifespanApplication, scope: Any) -> dict[str, Any]:
    return {
        "request": asgi_request(scope),
        "get_lifespan_state": get_lifespan_state,
        "Resources": Resources,
    }


def django_read(application: LifespanApplication) -> Any:
    return lambda request: get_lifespan_state(request, Resources).x
