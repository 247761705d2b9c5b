"""The settings: one dict, ``LIFESPAN_REGISTRY``, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from django.conf import settings

from lifespan_registry._core.definition import Limits, is_timeout
from lifespan_registry.exceptions import near_misses

NAME = "LIFESPAN_REGISTRY"


class Problem(NamedTuple):
    """What is wrong with the settings; `key` is None where it is the dict itself."""

    key: object
    text: str
    hint: str


class Settings(NamedTuple):
    """The settings under their names; a bad value counts as one not given."""

    STARTUP_TIMEOUT: float = Limits().startup
    SHUTDOWN_TIMEOUT: float = Limits().shutdown
    MODULE: str | None = "lifespans"
    LAZY: bool = True
    STOPPING_ON_SIGNAL: bool = False

    @property
    def limits(self) -> Limits:
        """The time limits of lifespans that have none of their own."""
        return Limits(self.STARTUP_TIMEOUT, self.SHUTDOWN_TIMEOUT)


def read() -> Settings:
    """Return the settings as they are now."""
    given = _given()
    if not isinstance(given, dict):
        return Settings()
    wrong = {problem.key for problem in problems()}
    items = cast("dict[str, Any]", given).items()
    return Settings(**{key: value for key, value in items if key not in wrong})


def problems() -> Iterator[Problem]:
    """Say what is wrong with the settings, one problem at a time."""
    given = _given()
    if not isinstance(given, dict):
        example = f'It takes a dict, as in {NAME} = {{"STARTUP_TIMEOUT": 30}}.'
        yield Problem(None, f"{NAME} is {given!r}.", example)
        return
    for key, value in cast("dict[object, object]", given).items():
        if key not in Settings._fields:
            yield Problem(key, f"{NAME} has an unknown key {key!r}.", _meant(key))
        elif hint := _refused(key, value):
            yield Problem(key, f"{NAME}[{key!r}] is {value!r}.", hint)


def _meant(key: object) -> str:
    if close := near_misses(str(key).upper(), Settings._fields):
        return f"Did you mean {close[0]!r}?"
    return f"It knows: {', '.join(Settings._fields)}."


def _refused(key: object, value: object) -> str | None:
    """Say what *key* takes, if that is not *value*."""
    if key in ("LAZY", "STOPPING_ON_SIGNAL"):
        return None if isinstance(value, bool) else "It takes True or False."
    if key != "MODULE":
        return (
            None
            if is_timeout(value)
            else "It takes seconds above 0; float('inf') never gives up."
        )
    if value is None or (
        isinstance(value, str) and all(map(str.isidentifier, value.split(".")))
    ):
        return None
    return "It takes the name of a module in each app, or None to import none."


def _given() -> Any:
    return getattr(settings, NAME, {})
