"""The wrapper that is written by hand, with care: one exit stack, errors told."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from tests.peers.forms import Application, Around, Functions, asgi_request

PARAMETER = False
AROUND = Around.ANYTHING
READ = 'request.scope["state"]["x"]'


class LifespanWrapper:
    """Enter *managers* one after another, and exit them in reverse."""

    def __init__(
        self,
        app: Application,
        managers: Sequence[Callable[[], AbstractAsyncContextManager[Any]]],
    ) -> None:
        self.app = app
        self.managers = managers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        phase = "startup"
        try:
            async with AsyncExitStack() as stack:
                for manager in self.managers:
                    values = await stack.enter_async_context(manager())
                    if values:
                        scope["state"].update(values)
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
        except BaseException:
            message = traceback.format_exc()
            await send({"type": f"lifespan.{phase}.failed", "message": message})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def application(functions: Functions, inner: Application) -> LifespanWrapper:
    return LifespanWrapper(inner, [asynccontextmanager(one) for one in functions])


def with_value(value: object, inner: Application) -> LifespanWrapper:
    @asynccontextmanager
    async def x() -> AsyncIterator[dict[str, object]]:
        yield {"x": value}

    return LifespanWrapper(inner, [x])


def read_in(application: LifespanWrapper, scope: Any) -> dict[str, Any]:
    return {"request": asgi_request(scope)}
