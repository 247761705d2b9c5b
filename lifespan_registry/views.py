"""What orchestrators and balancers ask: is this process ready, and is it live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lifespan_registry.health import Health, health

__all__ = ["is_probe", "live", "ready"]

# They are async because under ASGI sync views wait for one another, in one thread.


@login_not_required
@never_cache
@require_safe
async def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 if this process can serve; else 503, with the reasons."""
    found = health()
    return _answer(found, is_good=found.is_ready)


@login_not_required
@never_cache
@require_safe
async def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 if this process is worth keeping; else 503, with the reasons."""
    found = health()
    return _answer(found, is_good=found.is_live)


def _answer(found: Health, *, is_good: bool) -> JsonResponse:
    content = {"status": found.status.value, "reasons": found.reasons}
    return JsonResponse(content, status=200 if is_good else 503)


def is_probe(request: Mapping[str, Any]) -> bool:
    """Tell whether *request*, a scope or an environ, is for one of these views.

    Where nobody but the first request starts the lifespans, all wait for that: these
    are to answer meanwhile.
    """
    if request.get("type", "http") != "http":
        return False
    try:
        path = request.get("PATH_INFO")
        if path is None:
            path = request["path"].removeprefix(request.get("root_path", ""))
        return resolve(path).func in (ready, live)
    except Exception:  # noqa: BLE001 - what is wrong with the addresses Django will tell
        return False
