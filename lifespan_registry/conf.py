"""The settings: one dict, ``LIFESPAN_REGISTRY``, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings

from lifespan_registry._core.conductor import Limits
from lifespan_registry._core.definition import is_timeout

NAME = "LIFESPAN_REGISTRY"


class Problem(NamedTuple):
    """What is wrong with the settings; `key` is None where it is the dict itself."""

    key: str | None
    text: str


class Settings(NamedTuple):
    """The settings under their names; a bad value counts as one not given."""

    STARTUP_TIMEOUT: float = Limits().startup
    SHUTDOWN_TIMEOUT: float = Limits().shutdown
    MODULE: str | None = "lifespans"

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
    return Settings(**{key: value for key, value in given.items() if key not in wrong})


def problems() -> Iterator[Problem]:
    """Say what is wrong with the settings, one problem at a time."""
    given = _given()
    if not isinstance(given, dict):
        yield Problem(None, f"{NAME} is {given!r}: it takes a dict.")
        return
    for key, value in given.items():
        if key not in Settings._fields:
            yield Problem(key, f"{NAME} has an unknown key {key!r}.")
        elif key == "MODULE":
            if value is not None and not (
                isinstance(value, str) and all(map(str.isidentifier, value.split(".")))
            ):
                yield Problem(
                    key,
                    f"{NAME}[{key!r}] is {value!r}: it takes the name of a module in "
                    "each app, or None to import none.",
                )
        elif not is_timeout(value):
            yield Problem(
                key,
                f"{NAME}[{key!r}] is {value!r}: it takes seconds above 0; "
                "float('inf') never gives up.",
            )


def _given() -> Any:
    return getattr(settings, NAME, {})
