"""Django's tasks at once, by its immediate backend: they use the run that is up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, override_settings
from django.urls import path

from lifespan_registry import Registry
from lifespan_registry.management.base import LifespanCommand

PACKAGES = ()

pytest.importorskip("django.tasks", reason="Django 6.0 is the first with tasks")

registry = Registry()


@registry.on_lifespan
async def lock() -> AsyncIterator[asyncio.Lock]:
    """Yield something that is bound to a loop, as soon as it has been waited for."""
    lock = asyncio.Lock()
    async with lock:
        waiting = asyncio.create_task(lock.acquire())
        await asyncio.sleep(0)
    await waiting
    lock.release()
    yield lock


def _use() -> bool:
    return lock.get().locked()


async def _use_in_async_code() -> bool:
    async with lock.get():
        waiting = asyncio.create_task(lock.get().acquire())
        await asyncio.sleep(0)
        assert lock.get().locked()
    await waiting
    lock.get().release()
    return True


def _tasks() -> Any:
    from django.tasks import task

    return task(_use), task(_use_in_async_code)


def sync_view(request: HttpRequest) -> HttpResponse:
    """Have both tasks done in the thread of a sync view."""
    return HttpResponse(str([task.enqueue().return_value for task in _tasks()]))


async def async_view(request: HttpRequest) -> HttpResponse:
    """Have both tasks done for an async view."""
    results = [await task.aenqueue() for task in _tasks()]
    return HttpResponse(str([result.return_value for result in results]))


urlpatterns = [path("sync/", sync_view), path("async/", async_view)]


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("view", ["/sync/", "/async/"])
async def test_in_a_request(view: str) -> None:
    """Tasks that a request has done at once find the run of its loop."""
    async with registry.run():
        response = await AsyncClient().get(view)

    assert response.content == b"[False, True]"


def test_in_a_command() -> None:
    """Tasks that a command has done at once find its run."""

    class Command(LifespanCommand):
        lifespan_registry = registry

        def handle(self, **options: Any) -> str:
            return str([task.enqueue().return_value for task in _tasks()])

    class AsyncCommand(LifespanCommand):
        lifespan_registry = registry

        async def ahandle(self, **options: Any) -> str:
            results = [await task.aenqueue() for task in _tasks()]
            return str([result.return_value for result in results])

    assert call_command(Command()) == "[False, True]"
    assert call_command(AsyncCommand()) == "[False, True]"
