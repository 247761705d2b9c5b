"""What ``manage.py check`` says about lifespans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004
from django.utils.module_loading import import_string

from lifespan_registry import conf
from lifespan_registry._core.registry import default_registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import (
    CycleError,
    DisabledError,
    DuplicateNameError,
    EnabledError,
    LifespanError,
    PlanError,
    StateKeyError,
    UnknownLifespanError,
    near_misses,
)

IDS: Mapping[type[LifespanError], str] = {
    CycleError: "E004",
    UnknownLifespanError: "E005",
    DuplicateNameError: "E006",
    DisabledError: "E007",
    StateKeyError: "E008",
    EnabledError: "E009",
}


def check_settings(**kwargs: object) -> list[CheckMessage]:
    """E001, E002, E003: the dict, its keys, its values."""
    messages: list[CheckMessage] = []
    known = ", ".join(conf.Settings._fields)
    for key, text in conf.problems():
        if key is None:
            messages.append(Error(text, id="lifespan_registry.E001"))
        elif key in conf.Settings._fields:
            messages.append(Error(text, id="lifespan_registry.E003"))
        else:
            close = near_misses(str(key), conf.Settings._fields)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known are: {known}."
            messages.append(Error(text, hint=hint, id="lifespan_registry.E002"))
    return messages


def check_plan(**kwargs: object) -> list[CheckMessage]:
    """E004 to E009: all that keeps the lifespans from being ordered."""
    try:
        default_registry.plan()
    except PlanError as error:
        return [_message(one) for one in error.exceptions]
    return []


def _message(error: Exception) -> CheckMessage:
    # The last line of an error is what to do about it.
    text, _, hint = str(error).rstrip().rpartition("\n")
    number = IDS[type(error)]  # type: ignore[index]
    return Error(
        text.rstrip() or hint,
        hint=hint if text else None,
        id=f"lifespan_registry.{number}",
    )


def check_application(**kwargs: object) -> list[CheckMessage]:
    """W001, W002: the application that ``ASGI_APPLICATION`` names is wrapped."""
    path = getattr(settings, "ASGI_APPLICATION", None)
    if path is None:
        return []
    try:
        application = import_string(path)
    except ImportError as error:
        return [
            Warning(
                f"ASGI_APPLICATION is {path!r}, which cannot be imported: {error}",
                hint="It takes the dotted path of the application, as in "
                "'mysite.asgi.application'.",
                id="lifespan_registry.W002",
            )
        ]
    if is_wrapped(application):
        return []
    return [
        Warning(
            f"ASGI_APPLICATION ({path}) is not wrapped in LifespanApplication, so that "
            "no lifespan will be started.",
            hint="In asgi.py: application = LifespanApplication("
            "get_asgi_application()), from lifespan_registry.asgi.",
            id="lifespan_registry.W001",
        )
    ]


def is_wrapped(application: object) -> bool:
    """Tell whether a lifespan scope given to *application* meets the wrapper.

    It may be inside others, which keep what they wrap in an attribute or in a closure;
    a router has to send it there under the type ``"lifespan"``.
    """
    seen: set[int] = set()
    front = [application]
    while front:
        one = front.pop()
        if isinstance(one, LifespanApplication):
            return True
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        front.extend(part for part in _parts(one) if callable(part))
    return False


def _parts(one: object) -> Iterable[Any]:
    for part in getattr(one, "__dict__", {}).values():
        yield part.get("lifespan") if isinstance(part, dict) else part
    for cell in getattr(one, "__closure__", None) or ():
        yield cell.cell_contents
    yield getattr(one, "__self__", None)
