"""This library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from lifespan_registry import Registry
from lifespan_registry._core.definition import Limits
from lifespan_registry.asgi import LifespanApplication
from tests.peers.forms import Application, Around, Functions

PARAMETER = False
AROUND = Around.ANYTHING
COLLECTS = True
READ = "x.get()"


def application(functions: Functions, inner: Application) -> LifespanApplication:
    registry = Registry()
    if len(functions) == 1:
        registry.on_lifespan(*functions)
    else:
        for place, function in enumerate(functions):
            registry.on_lifespan(name=f"n{place}")(function)
    return LifespanApplication(inner, registry=registry)


def chains(chains: Sequence[Functions], inner: Application) -> LifespanApplication:
    registry = Registry()
    for number, chain in enumerate(chains):
        before: Sequence[str] = ()
        for place, function in enumerate(chain):
            name = f"n{number}_{place}"
            registry.on_lifespan(name=name, requires=before)(function)
            before = (name,)
    return LifespanApplication(inner, registry=registry)


def with_value(value: object, inner: Application) -> LifespanApplication:
    registry = Registry()

    @registry.on_lifespan
    async def x() -> AsyncIterator[object]:
        yield value

    return LifespanApplication(inner, registry=registry)


def read_in(application: LifespanApplication, scope: Any) -> dict[str, Any]:
    (x,) = application.registry
    return {"x": x}


def django_read(application: LifespanApplication) -> Any:
    (x,) = application.registry
    return lambda request: x.get()


def limit(application: LifespanApplication, seconds: float) -> None:
    application.registry.limits = Limits(seconds, seconds)
