"""django-asgi-lifespan, after its README."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from django_asgi_lifespan.asgi import get_asgi_application
from django_asgi_lifespan.register import register_lifespan_manager
from django_asgi_lifespan.signals import asgi_lifespan

from tests.peers.forms import Application, Around, Functions, asgi_request

PARAMETER = False
AROUND = Around.DJANGO
COLLECTS = True
READ = 'request.state["x"]'
MIDDLEWARE = "django_asgi_lifespan.middleware.LifespanStateMiddleware"

Manager = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]


def register(managers: Sequence[Manager]) -> None:
    # One signal has the managers of the process: forget those of another application.
    asgi_lifespan.receivers.clear()
    asgi_lifespan.sender_receivers_cache.clear()
    for manager in managers:
        register_lifespan_manager(context_manager=manager)


def wrapped() -> Application:
    django_application = get_asgi_application()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "lifespan"}:
            await django_application(scope, receive, send)
        else:
            message = f"Unknown scope type {scope['type']}"
            raise NotImplementedError(message)

    return application


def application(functions: Functions, inner: Application) -> Application:
    register([asynccontextmanager(one) for one in functions])
    return wrapped()


def chains(chains: Sequence[Functions], inner: Application) -> Application:
    """What needs another one is in one manager with it."""

    def chain(functions: Functions) -> Manager:
        managers = [asynccontextmanager(one) for one in functions]

        @asynccontextmanager
        async def manager() -> AsyncIterator[dict[str, Any]]:
            state: dict[str, Any] = {}
            async with AsyncExitStack() as stack:
                for one in managers:
                    state.update(await stack.enter_async_context(one()))
                yield state

        return manager

    register([chain(one) for one in chains])
    return wrapped()


def with_value(value: object, inner: Application) -> Application:
    @asynccontextmanager
    async def x() -> AsyncIterator[dict[str, object]]:
        yield {"x": value}

    register([x])
    return wrapped()


def read_in(application: Application, scope: Any) -> dict[str, Any]:
    request = asgi_request(scope)
    request.state = request.scope["state"]  # as its middleware does
    return {"request": request}
