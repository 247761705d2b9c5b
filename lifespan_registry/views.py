"""What runs in this process: a page for people, two answers for orchestrators."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Mapping
from io import BytesIO
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, resolve, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lifespan_registry._core.report import Status
from lifespan_registry.health import Health, health
from lifespan_registry.servers import known
from lifespan_registry.status import page

__all__ = ["is_probe", "live", "ready", "staff_only", "status"]

View: TypeAlias = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]

MARK = "answers_meanwhile"
"""An attribute of the views that do not wait for a start by the first request.

Decorators keep it, as they keep the name of what they wrap.
"""

# They are async because under ASGI sync views wait for one another, in one thread.


def _meanwhile(view: View) -> View:
    setattr(view, MARK, True)
    return view


@_meanwhile
@login_not_required
@never_cache
@require_safe
async def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 if this process can serve; else 503, with the reasons."""
    found = health()
    return _answer(found, is_good=found.is_ready)


@_meanwhile
@login_not_required
@never_cache
@require_safe
async def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 if this process is worth keeping; else 503, with the reasons."""
    found = health()
    return _answer(found, is_good=found.is_live)


@_meanwhile
@never_cache
@require_safe
async def status(request: HttpRequest) -> HttpResponse:
    """Show the lifespans of this process: a page, or JSON with ``?format=json``.

    It is for everybody: in `lifespan_registry.urls`, `staff_only` is around it.
    """
    form = request.GET.get("format")
    if form not in (None, "json"):
        text = f"There is no format {form!r}: leave it out for the page, or say json.\n"
        return _refused(text, status=400)
    found = page.look(known.name_for(request.META))
    return page.page(found) if form is None else JsonResponse(found.facts)


def staff_only(view: View) -> View:
    """Let *view* answer staff alone, as Django's admin does.

    Others are sent to the login of the admin, or to ``LOGIN_URL`` where there is none.
    Where there is nobody to log in, and for programs, the answer is 403.
    """

    @never_cache
    @login_not_required  # this is stricter
    @functools.wraps(view)
    async def guarded(request: HttpRequest) -> HttpResponse:
        if not hasattr(request, "user"):
            return _refused(NO_USERS)
        is_staff, name = await sync_to_async(_who)(request)
        if is_staff:
            return await view(request)
        if name:
            return _refused(f"This page is for staff, and {name!r} is none.\n")
        if "format" in request.GET:
            return _refused(NOBODY)
        if health().status in (Status.STARTING, Status.FAILED):
            # Where requests start the lifespans, a login is one of them.
            return _refused(NO_LOGIN, status=503)
        # Where there are no users, it cannot be imported.
        from django.contrib.auth.views import redirect_to_login  # noqa: PLC0415

        return redirect_to_login(request.get_full_path(), _login())

    return guarded


def _who(request: HttpRequest) -> tuple[bool, str]:
    """Tell whether that is staff, and the name; "" if nobody is logged in."""
    # Not auser(): other middleware may have put somebody else in the place of user.
    user = request.user
    is_staff = user.is_active and getattr(user, "is_staff", False)
    return is_staff, str(user) if user.is_authenticated else ""


NOBODY = "Nobody is logged in: this needs the session of a member of staff.\n"

NO_LOGIN = """\
This page is for staff. As long as the lifespans have not started, nobody can log in:
the login is a request that waits for them, too. "ready" below this address needs no
login and says how they are; the log says why.
"""

NO_USERS = """\
This page is for staff, and this project has no users: AuthenticationMiddleware is not
in MIDDLEWARE. To show it to others, give lifespan_registry.views.status an address of
its own, in a function that says who they are.
"""


def _refused(text: str, status: int = 403) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _login() -> str:
    try:
        return reverse("admin:login")
    except NoReverseMatch:
        return resolve_url(settings.LOGIN_URL)


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
            path = ASGIRequest(dict(request), BytesIO()).path_info
        return getattr(resolve(path).func, MARK, False) is True
    except Exception:  # noqa: BLE001 - what is wrong with the addresses Django will tell
        return False
