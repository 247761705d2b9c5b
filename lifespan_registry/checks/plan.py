"""What is wrong with the settings of the package, and with the plan."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.checks import CheckMessage, Error

from lifespan_registry import conf
from lifespan_registry._core.registry import default_registry
from lifespan_registry.exceptions import (
    CycleError,
    DisabledError,
    DuplicateNameError,
    EnabledError,
    PlanError,
    StateKeyError,
    UnknownLifespanError,
)

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
