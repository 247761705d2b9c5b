"""The wrapped project, spoken to as a server does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.http import HttpRequest, JsonResponse
from django.test import override_settings
from django.urls import path

from lifespan_registry import Registry, default_registry
from lifespan_registry.asgi import LifespanApplication, get_asgi_application


async def view(request: Any) -> JsonResponse:
    """Answer with the value in all the ways that there are, and change the state."""
    (pool,) = default_registry
    ways = (
        pool.get(),
        pool.get(request),
        pool.get(request.scope),
        pool.get(request.state),
        request.state.pool,
        request.state["pool"],
        request.scope["state"]["pool"],
    )
    has_user = "user" in request.state
    request.state.user = "ada"
    return JsonResponse([*(way[0] for way in ways), has_user], safe=False)


def sync_view(request: HttpRequest) -> JsonResponse:
    """Answer with the value in the thread of a sync view."""
    (pool,) = default_registry
    return JsonResponse([pool.get()[0], pool.get(request)[0]], safe=False)


urlpatterns = [path("async", view), path("sync", sync_view)]


async def request(
    application: LifespanApplication, path: str, **scope: Any
) -> tuple[int, Any]:
    """Send a GET to *application*; return the status and what the JSON says."""
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    asked.put_nowait({"type": "http.request"})
    headers = [(b"host", b"testserver")]
    http = {"type": "http", "method": "GET", "path": path, "headers": headers}
    await application({**http, **scope}, asked.get, send)
    return told[0]["status"], json.loads(told[1]["body"])


@pytest.mark.parametrize("has_state", [True, False])
async def test_all_ways_to_the_value(default: Registry, *, has_state: bool) -> None:
    """Every way leads to the value, whether the server brings a state or not."""

    @default.on_lifespan
    async def pool() -> AsyncIterator[list[str]]:
        yield ["value"]

    state: dict[str, Any] = {}
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[Any] = asyncio.Queue()
    with override_settings(ROOT_URLCONF=__name__):
        application = get_asgi_application()
        lifespan = {"type": "lifespan", **({"state": state} if has_state else {})}
        server = asyncio.create_task(application(lifespan, asked.get, told.put))
        asked.put_nowait({"type": "lifespan.startup"})
        started = await asyncio.wait_for(told.get(), 10)
        assert started == {"type": "lifespan.startup.complete"}

        for _ in range(2):
            scope = {"state": state.copy()} if has_state else {}
            assert await request(application, "/async", **scope) == (
                200,
                ["value"] * 7 + [False],
            )
            assert await request(application, "/sync", **scope) == (200, ["value"] * 2)

        asked.put_nowait({"type": "lifespan.shutdown"})
        stopped = await asyncio.wait_for(told.get(), 10)
        assert stopped == {"type": "lifespan.shutdown.complete"}
        await server
