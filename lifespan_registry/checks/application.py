"""Whether the applications that the settings name start the lifespans."""

from __future__ import annotations

import functools
import importlib.util
import sys
import types
from collections.abc import Iterator
from importlib import import_module
from typing import cast

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004

from lifespan_registry.asgi import LifespanApplication


def check_asgi_application(**_kwargs: object) -> list[CheckMessage]:
    """W001, W002: the application that ``ASGI_APPLICATION`` names is wrapped."""
    path = getattr(settings, "ASGI_APPLICATION", None)
    if path is None:
        return []
    try:
        application = _imported(str(path))
    except Exception as error:  # noqa: BLE001 - the module of a user may raise anything
        module = str(path).rpartition(".")[0]
        return [
            Warning(
                f"ASGI_APPLICATION is {path!r}, and its import raised "
                f"{type(error).__name__}: {error}",
                hint="It takes the dotted path of the application, as in "
                "'mysite.asgi.application'. The traceback: python -c "
                f"'import {module or 'mysite.asgi'}'",
                id="lifespan_registry.W002",
            )
        ]
    if is_wrapped(application):
        return []
    return [
        Warning(
            f"ASGI_APPLICATION ({path}) is not wrapped in LifespanApplication: no "
            "lifespan will be started.",
            hint="In asgi.py: from lifespan_registry.asgi import LifespanApplication; "
            "application = LifespanApplication(get_asgi_application()). A router needs "
            "it under 'lifespan', too.",
            id="lifespan_registry.W001",
        )
    ]


def check_wsgi_application(**_kwargs: object) -> list[CheckMessage]:
    """W003: where the settings name a WSGI application alone, it is wrapped."""
    path = getattr(settings, "WSGI_APPLICATION", None)
    if path is None or getattr(settings, "ASGI_APPLICATION", None) is not None:
        return []
    # As startproject has them; it does not write ASGI_APPLICATION.
    beside = str(path).replace("wsgi", "asgi")
    if _may_be_wrapped(str(path)) or _may_be_wrapped(beside):
        return []
    return [
        Warning(
            f"WSGI_APPLICATION ({path}) is not wrapped in LifespanWSGIApplication, and "
            "there is no ASGI_APPLICATION: the settings name nothing that starts a "
            "lifespan.",
            hint="Under ASGI, name the wrapped application, as in ASGI_APPLICATION = "
            "'mysite.asgi.application'. Under WSGI, in wsgi.py: from "
            "lifespan_registry.wsgi import get_wsgi_application",
            id="lifespan_registry.W003",
        )
    ]


def _imported(path: str) -> object:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _may_be_wrapped(path: str) -> bool:
    """Tell whether *path* leads to a wrapped application; of what raises, it may."""
    try:
        if importlib.util.find_spec(path.rpartition(".")[0]) is None:
            return False
        application = _imported(path)
    except Exception:  # noqa: BLE001 - Django tells of an application that is broken
        return True
    return is_wrapped(application, (LifespanApplication, *_wsgi_wrapper()))


def _wsgi_wrapper() -> Iterator[type]:
    # Where nobody has imported its module, there is none around anything.
    if module := sys.modules.get("lifespan_registry.wsgi"):
        yield module.LifespanWSGIApplication


def is_wrapped(
    application: object, wrappers: tuple[type, ...] = (LifespanApplication,)
) -> bool:
    """Tell whether a lifespan scope given to *application* meets one of *wrappers*.

    The wrapper may be inside others, which keep what they wrap in an attribute, in a
    closure or in a global variable; a router has to send the scope there under the type
    ``"lifespan"``.
    """
    seen: set[int] = set()
    front = [application]
    while front:
        one = front.pop()
        if isinstance(one, wrappers):
            return True
        if id(one) not in seen:
            seen.add(id(one))
            parts = (_routed(part) for part in _parts(one))
            front.extend(
                part for part in parts if callable(part) and not isinstance(part, type)
            )
    return False


def _routed(part: object) -> object:
    if isinstance(part, dict):
        return cast("dict[str, object]", part).get("lifespan")
    return part


def _parts(one: object) -> Iterator[object]:
    """Name what *one* may call."""
    yield from getattr(one, "__dict__", {}).values()
    for kind in type(one).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            yield getattr(one, name, None)
    if isinstance(one, functools.partial):
        yield from (one.func, *one.args, *one.keywords.values())
    elif isinstance(one, types.MethodType):
        yield from (one.__self__, one.__func__)
    elif isinstance(one, types.FunctionType):
        for cell in one.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:
                # Nothing has been assigned to that variable yet.
                continue
        for name in one.__code__.co_names:
            yield one.__globals__.get(name)
