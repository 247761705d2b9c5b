"""The views of the project."""

from __future__ import annotations

import os
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path

from lifespan_registry.exceptions import CrashedError
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
    path("mine/", mine),
    path("slow/", slow),
    path("crash/", crash),
    path("crashed/", crashed),
]
