"""Views and the values: in the event loop, in threads, on another loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from lifespan_registry import Lifespan, Registry, default_registry
from lifespan_registry.exceptions import (
    LifespanError,
    OtherEventLoopError,
)


def pool() -> Lifespan[list[str]]:
    """Return the one lifespan of these tests."""
    (one,) = default_registry
    return one


def here() -> str:
    """Name the value that code here gets, or the error."""
    try:
        return pool().get()[0]
    except LifespanError as error:
        return type(error).__name__


async def here_async() -> str:
    """Return the same in a coroutine."""
    return here()


async def async_view(request: HttpRequest) -> JsonResponse:
    """Ask in the event loop, and in a thread of Django's."""
    return answer(request, here(), await sync_to_async(here)())


def sync_view(request: HttpRequest) -> JsonResponse:
    """Ask in the thread of a sync view, on its main loop, and on a loop of its own."""
    with ThreadPoolExecutor(1) as executor:
        other = executor.submit(asyncio.run, here_async()).result()
    return answer(request, here(), async_to_sync(here_async)(), other)


def answer(request: Any, *more: str) -> JsonResponse:
    """Answer with what the request has, and *more*."""
    ways = (
        pool().get(request),
        request.state.pool,
        request.state["pool"],
        request.scope["state"]["pool"] if hasattr(request, "scope") else ["no scope"],
    )
    return JsonResponse([*(way[0] for way in ways), *more], safe=False)


urlpatterns = [path("async", async_view), path("sync", sync_view)]


@pytest.fixture(autouse=True)
def _views(default: Registry) -> Iterator[None]:
    """One lifespan, and these views."""

    @default.on_lifespan(name="pool")
    async def _() -> AsyncIterator[list[str]]:
        yield ["value"]

    with override_settings(ROOT_URLCONF=__name__):
        yield


async def test_async_client(default: Registry) -> None:
    """Under ``AsyncClient`` a run around the test serves async and sync views."""
    async with default.run():
        in_loop = await AsyncClient().get("/async")
        in_thread = await AsyncClient().get("/sync")

    assert in_loop.json() == ["value"] * 6
    assert in_thread.json() == ["value"] * 6 + ["OtherEventLoopError"]


async def test_client(default: Registry) -> None:
    """``Client``, in a thread of its own, speaks WSGI: the views are served as well."""
    async with default.run():
        in_thread = await sync_to_async(Client().get)("/sync")
        in_loop = await sync_to_async(Client().get)("/async")

    assert in_thread.json() == [
        *["value"] * 3,
        "no scope",
        "value",
        "value",
        "OtherEventLoopError",
    ]
    assert in_loop.json() == ["value"] * 3 + ["no scope", "value", "value"]


async def test_other_threads(default: Registry) -> None:
    """A thread without an event loop has the value, one with its own loop has none."""
    async with default.run():
        assert [
            await asyncio.to_thread(here),
            await sync_to_async(here, thread_sensitive=False)(),
            await sync_to_async(here)(),
            await sync_to_async(async_to_sync(here_async))(),
            await asyncio.to_thread(asyncio.run, here_async()),
        ] == ["value"] * 4 + ["OtherEventLoopError"]
        with pytest.raises(OtherEventLoopError) as other:
            await asyncio.to_thread(asyncio.run, get())
    assert "default_registry.current_run() elsewhere" in str(other.value)


async def get() -> Any:
    """Get the value in a coroutine."""
    return pool().get()


async def test_back_on_the_loop_of_the_lifespans(default: Registry) -> None:
    """What runs on another loop gets the value by a coroutine sent to theirs."""
    loop = asyncio.get_running_loop()

    async def ask() -> str:
        sent = asyncio.run_coroutine_threadsafe(here_async(), loop)
        return await asyncio.wrap_future(sent)

    async with default.run():
        assert await asyncio.to_thread(asyncio.run, ask()) == "value"
