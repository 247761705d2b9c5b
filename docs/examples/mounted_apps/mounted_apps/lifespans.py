"""What is opened before the first request, and closed after the last.

The routes need the handles of this module. So they are imported when the applications
are made: at the start.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator

from django.conf import settings
from fastapi import FastAPI
from starlette.applications import Starlette

from lifespan_registry import on_lifespan
from lifespan_registry.mounting import include_app
from mounted_apps.till import Till


@on_lifespan(state_key="prices")
async def prices() -> AsyncIterator[dict[str, int]]:
    """Keep what all three share: here a dict, in a project a pool or a client."""
    yield {"milk": 2, "tea": 7}


def api(prices: dict[str, int]) -> FastAPI:
    """Make the application of FastAPI, of what the lifespan `prices` has yielded."""
    from mounted_apps.api import router

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Till]]:
        till = Till(prices, int(settings.TILL))
        async with asyncio.TaskGroup() as group:
            work = group.create_task(till.take_orders())
            yield {"till": till}
            work.cancel()

    app = FastAPI(title="The till", lifespan=lifespan)
    app.include_router(router)
    return app


def pages() -> Starlette:
    """Make the application of Starlette, which counts its visits."""
    from mounted_apps.pages import routes

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Iterator[int]]]:
        yield {"visits": itertools.count(1)}

    return Starlette(routes=routes, lifespan=lifespan)


api_app = include_app(factory=api)
pages_app = include_app(factory=pages, requires=prices)
