"""Each peer as its own user writes it, after its README or its documentation.

Every module here has the same names:

``PARAMETER``
    Whether the function of a lifespan takes the application.
``AROUND``
    What it can be put around: any ASGI application, Django's alone, or none.
``application(functions, inner)``
    An application that enters all of *functions*, async generator functions, in their
    order, and serves the rest by *inner*.
``with_value(value, inner)``
    The same with one lifespan that gives *value* to the views.
``READ``, ``read_in(application, scope)``
    How a view of its own reads that value, and the names which that needs.
``chains(chains, inner)``
    An application for chains of functions, each needing the one before it. Where
    a module has none, its user writes them down one after another.
``COLLECTS``
    Where it is true, the peer puts together what several lifespans give.
``limit(application, seconds)``
    Where there is one, sets all options that limit the time of a start or a stop.
``django_read(application)``
    Where it differs from `READ`: a function by which a view of Django reads the value.
``MIDDLEWARE``
    What has to be among Django's settings for that.
"""

from __future__ import annotations

import enum
import io
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from django.core.handlers.asgi import ASGIRequest

Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Function: TypeAlias = Callable[..., AsyncIterator[Mapping[str, Any] | None]]
Functions: TypeAlias = Sequence[Function]


class Around(enum.Enum):
    """What a peer can be put around."""

    ANYTHING = enum.auto()
    DJANGO = enum.auto()
    NOTHING = enum.auto()


def in_chains(
    form: Any, chains: Sequence[Functions], inner: Application
) -> Application:
    """Return an application in the form of a peer for *chains* of functions."""
    if hasattr(form, "chains"):
        made: Application = form.chains(chains, inner)
    else:
        made = form.application([*itertools.chain(*chains)], inner)
    return made


def reader(form: Any, application: Application) -> Callable[[Any], object] | None:
    """Return what a view of Django calls with its request to read the value."""
    if hasattr(form, "django_read"):
        found: Callable[[Any], object] = form.django_read(application)
        return found
    return eval(f"lambda request: {form.READ}") if form.READ else None


def asgi_request(scope: Any) -> Any:
    """Return what a view of Django gets."""
    return ASGIRequest(scope, io.BytesIO())
