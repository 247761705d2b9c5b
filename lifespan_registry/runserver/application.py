"""Which ASGI application is served, and whether lifespans are run around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from lifespan_registry.asgi import LifespanApplication, get_asgi_application
from lifespan_registry.checks.application import is_wrapped

if TYPE_CHECKING:
    from lifespan_registry._application import Application

NAME = "ASGI_APPLICATION"


def asgi_application(warn: Callable[[str], object]) -> Application:
    """Return the application that the settings name, with lifespans around it.

    What the project would have to do itself under another server is told to *warn*.
    Raises `ImproperlyConfigured` where the application cannot be imported.
    """
    path: str | None = getattr(settings, NAME, None)
    if path is None:
        warn(
            f"{NAME} is not set: Django is served, with lifespans, and not what is in "
            f"your asgi.py. In the settings: {NAME} = 'mysite.asgi.application'"
        )
        return get_asgi_application()
    try:
        application: Application = import_string(path)
    except ImportError as error:
        # As Django puts it for WSGI_APPLICATION.
        raise ImproperlyConfigured(
            f"{NAME} is {path!r}, which could not be imported: {error}"
        ) from error
    return wrapped(application, warn)


def wrapped(application: Application, warn: Callable[[str], object]) -> Application:
    """Return *application* with lifespans around it, be it without them."""
    if is_wrapped(application):
        return application
    warn(
        f"{NAME} ({settings.ASGI_APPLICATION}) is not wrapped in LifespanApplication. "
        "This command does that itself; no other server will. In asgi.py: application "
        "= LifespanApplication(...)"
    )
    return LifespanApplication(application)
