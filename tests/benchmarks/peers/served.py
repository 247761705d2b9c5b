"""What Uvicorn serves: ``PEER`` around ``INNER``, or the bare inner application.

``PEER`` is the name of a module in `tests.peers.forms`, or empty; ``INNER`` is
``django`` or ``nothing``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.peers.forms import reader

VALUE = object()
"""What the view reads; where nobody brings it there, from this module."""

_read: Callable[[HttpRequest], object] = lambda request: VALUE  # noqa: E731


async def view(request: HttpRequest) -> HttpResponse:
    """Read the value, and answer."""
    is_there = _read(request) is VALUE
    body = b"ok" if is_there else b"no"
    return HttpResponse(body, headers={"Content-Length": "2"})


urlpatterns = [path("", view)]


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Answer with as little as the specification allows."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def application() -> Any:
    """Make the application, as the environment has it."""
    global _read  # noqa: PLW0603 - one application in a process
    name = os.environ["PEER"]
    form = importlib.import_module(f"tests.peers.forms.{name}") if name else None
    inner: Any = nothing
    if os.environ["INNER"] == "django":
        middleware = getattr(form, "MIDDLEWARE", None)
        settings.configure(
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=[middleware] if middleware else [],
            ROOT_URLCONF=__name__,
        )
        django.setup()
        inner = get_asgi_application()
    if form is None:
        return inner
    app = form.with_value(VALUE, inner)
    _read = reader(form, app) or _read
    return app
