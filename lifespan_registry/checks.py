"""What ``manage.py check`` says about lifespans."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from lifespan_registry import conf
from lifespan_registry._core.registry import default_registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import (
    CycleError,
    DisabledError,
    DuplicateNameError,
    EnabledError,
    PlanError,
    StateKeyError,
    UnknownLifespanError,
)

TAG = "lifespans"
"""For ``manage.py check --tag lifespans``."""

IDS: Mapping[type[Exception], str] = {
    CycleError: "lifespan_registry.E004",
    UnknownLifespanError: "lifespan_registry.E005",
    DuplicateNameError: "lifespan_registry.E006",
    DisabledError: "lifespan_registry.E007",
    StateKeyError: "lifespan_registry.E008",
    EnabledError: "lifespan_registry.E009",
}


def check_settings(**_kwargs: object) -> list[CheckMessage]:
    """E001, E002, E003: the dict, its keys, its values."""
    messages: list[CheckMessage] = []
    for key, text, hint in conf.problems():
        if key is None:
            number = "lifespan_registry.E001"
        elif key not in conf.Settings._fields:
            number = "lifespan_registry.E002"
        else:
            number = "lifespan_registry.E003"
        messages.append(Error(text, hint=hint, id=number))
    return messages


def check_plan(**_kwargs: object) -> list[CheckMessage]:
    """E004 to E009: all that keeps the lifespans from being ordered."""
    try:
        default_registry.plan()
    except PlanError as error:
        return [_message(one) for one in error.exceptions]
    return []


def _message(error: Exception) -> CheckMessage:
    # The last line of an error says what to do about it.
    text, _, hint = str(error).rpartition("\n")
    return Error(text.rstrip(), hint=hint, id=IDS[type(error)])


def check_application(**_kwargs: object) -> list[CheckMessage]:
    """W001, W002: the application that ``ASGI_APPLICATION`` names is wrapped."""
    path = getattr(settings, "ASGI_APPLICATION", None)
    if path is None:
        return []
    module, _, name = str(path).rpartition(".")
    try:
        application = getattr(import_module(module), name)
    except Exception as error:  # noqa: BLE001 - the module of a user may raise anything
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


def is_wrapped(application: object) -> bool:
    """Tell whether a lifespan scope given to *application* meets the wrapper.

    It may be inside others, which keep what they wrap in an attribute, in a closure or
    in a global variable; a router has to send it there under the type ``"lifespan"``.
    """
    seen: set[int] = set()
    front = [application]
    while front:
        one = front.pop()
        if isinstance(one, LifespanApplication):
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
