"""The views of the project."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path

from lifespan_registry import default_registry
from lifespan_registry.exceptions import CrashedError
from lifespan_registry.views import status
from tests.servers.project.environment import note, released
from tests.servers.project.lifespans import Resource, database, worker


def ways(request: Any) -> list[str]:
    """Return the identities of what all the ways to one value lead to."""
    scopes = [request.scope["state"]] if hasattr(request, "scope") else []
    resources: list[Resource] = [
        database.get(),
        database.get(request),
        request.state.database,
        *(state["database"] for state in [request.state, *scopes]),
    ]
    return [resource.identity for resource in resources if resource.is_open]


async def in_async_view(request: Any) -> JsonResponse:
    note("request")
    return JsonResponse(ways(request), safe=False)


def in_sync_view(request: Any) -> JsonResponse:
    note("request")
    return JsonResponse(ways(request), safe=False)


def pid(request: Any) -> JsonResponse:
    return JsonResponse(os.getpid(), safe=False)


def hello(request: Any) -> JsonResponse:
    note("hello")
    return pid(request)


def loop(request: Any) -> JsonResponse:
    """Tell in which thread the event loop of the lifespans is."""
    return JsonResponse(request.state.database.thread, safe=False)


def mine(request: Any) -> JsonResponse:
    """Add to the request's own state; tell what was there before."""
    before = sorted(key for key in request.state if key == "mine")
    request.state["mine"] = "a request"
    return JsonResponse([before, request.state.mine], safe=False)


async def slow(request: Any) -> JsonResponse:
    note("slow request")
    await released()
    resources = [request.state.database, request.state.files]
    note("slow response")
    return JsonResponse([resource.is_open for resource in resources], safe=False)


async def ticks(request: Any) -> StreamingHttpResponse:
    """Answer without an end, until the run is about to be stopped."""
    run = default_registry.current_run()
    assert run is not None

    async def until_stopping() -> AsyncIterator[str]:
        yield "tick"
        note("open stream")
        await run.stopping.wait()
        note(f"closed stream, with its database {open_or_closed(request)}")
        yield " goodbye"

    return StreamingHttpResponse(until_stopping())


def ticks_in_thread(request: Any) -> StreamingHttpResponse:
    """Do the same in sync code."""
    run = default_registry.current_run()
    assert run is not None

    def until_stopping() -> Iterator[str]:
        yield "tick"
        note("open stream")
        while not run.stopping.is_set():
            time.sleep(0.01)
        note(f"closed stream, with its database {open_or_closed(request)}")
        yield " goodbye"

    return StreamingHttpResponse(until_stopping())


def open_or_closed(request: Any) -> str:
    return "open" if request.state.database.is_open else "closed"


async def crash(request: Any) -> HttpResponse:
    worker.get().set()
    return HttpResponse()


async def crashed(request: Any) -> HttpResponse:
    try:
        return HttpResponse(f"is up: {worker.get()}")
    except CrashedError as error:
        return HttpResponse(str(error))


urlpatterns = [
    path("async/", in_async_view),
    path("sync/", in_sync_view),
    path("pid/", pid),
    path("hello/", hello),
    path("loop/", loop),
    path("mine/", mine),
    path("slow/", slow),
    path("ticks/", ticks),
    path("ticks-in-thread/", ticks_in_thread),
    path("crash/", crash),
    path("crashed/", crashed),
    path("status/", status),
    path("lifespans/", include("lifespan_registry.urls")),
]
