"""What one lifespan is: read once at the decorator, and judged there."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from lifespan_registry._core.forms import (
    ALL,
    Refuse,
    enclosed,
    opener,
    origin_of,
    parameters_of,
    slip_of,
)
from lifespan_registry.exceptions import DefinitionError

NOT_GIVEN: Final[Any] = object()
"""Stands for an option that was left out where None means something."""


if TYPE_CHECKING:

    class Named(Protocol):
        """What can be told to others in place of its name: a `Lifespan`."""

        @property
        def name(self) -> str: ...


Names: TypeAlias = "str | Named | Iterable[str | Named]"
"""One lifespan or several, each by its name or itself."""


class Limits(NamedTuple):
    """How long a lifespan that says nothing itself may take, in seconds."""

    startup: float = 20.0
    shutdown: float = 10.0


def names_of(names: Names) -> tuple[str, ...]:
    """Return the names that *names* stands for, without repetitions."""
    if isinstance(names, str):
        return (names,)
    several = names if isinstance(names, Iterable) else (names,)
    return tuple(dict.fromkeys(map(name_of, several)))


def name_of(one: str | Named) -> str:
    """Return the name of *one*, which may be its name already."""
    return one if isinstance(one, str) else one.name


def tags_of(tags: Any) -> frozenset[str] | None:
    """Return the tags that *tags* stands for; None where it can be none."""
    try:
        found: list[Any] = [tags] if isinstance(tags, str) else list(tags)
    except TypeError:
        return None
    fits = all(isinstance(one, str) and one for one in found)
    return frozenset(found) if fits else None


class Definition:
    """One lifespan as its author wrote it. Holds functions, and never a live value."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        requires: Names = (),
        after: Names = (),
        before: Names = (),
        state_key: str | None = NOT_GIVEN,
        startup_timeout: float | None = None,
        shutdown_timeout: float | None = None,
        enabled: bool | Callable[[], bool] = True,
        tags: str | Iterable[str] = (),
    ) -> None:
        """Read *function* and its options.

        Raises `DefinitionError` with the words that name the slip.
        """
        origin, qualname = origin_of(function, name)

        def refuse(slip: str) -> DefinitionError:
            return DefinitionError(origin, slip)

        if slip := slip_of(function, origin.name):
            raise refuse(slip)
        self.requires = _names("requires", requires, refuse)
        self.after = _names("after", after, refuse)
        self.before = _names("before", before, refuse)
        if ALL in self.requires:
            slip = "has requires='*', which only after= and before= know."
            raise refuse(slip)
        if not (state_key is NOT_GIVEN or state_key is None or _is_text(state_key)):
            raise refuse(f"has state_key={state_key!r}: it takes a text, or None.")
        if not _is_switch(enabled):
            slip = (
                f"has enabled={enabled!r}: it takes a bool, or a callable that gives "
                "one."
            )
            raise refuse(slip)
        if (found := tags_of(tags)) is None:
            slip = f"has tags={tags!r}: it takes a text, or several."
            raise refuse(slip)
        for option, seconds in (
            ("startup_timeout", startup_timeout),
            ("shutdown_timeout", shutdown_timeout),
        ):
            if seconds is not None and not is_timeout(seconds):
                slip = (
                    f"has {option}={seconds!r}: it takes seconds above 0 (float('inf') "
                    "never gives up), or None for the default."
                )
                raise refuse(slip)

        self.name: str = origin.name
        self.origin = origin
        self.identity = (
            origin.name,
            origin.file,
            origin.line,
            qualname,
            enclosed(function),
        )
        self.function = function
        self.open, self.sync = opener(function, refuse)
        self.parameters = parameters_of(function, refuse)
        self.state_key = None if state_key is NOT_GIVEN else state_key
        # Where it was not given, the value decides what is published.
        self.keyed = state_key is not NOT_GIVEN
        self.startup_timeout = startup_timeout
        self.shutdown_timeout = shutdown_timeout
        self.enabled = enabled
        self.tags = found

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of those that it takes or requires, where they take part."""
        return (*(one.name for one in self.parameters), *self.requires)

    def in_place_of(self, other: Definition) -> Definition:
        """Return what is defined here under the name and the keys of *other*.

        What *other* needs and waits for is its own affair, and so is whether it is
        enabled.
        """
        twin = copy.copy(self)
        twin.name = other.name
        twin.origin = self.origin._replace(name=other.name)
        twin.state_key, twin.keyed = other.state_key, other.keyed
        twin.tags, twin.enabled = other.tags, True
        return twin


# What is given may be anything, whatever the annotations say.


def _names(option: str, given: Names, refuse: Refuse) -> tuple[str, ...]:
    try:
        return names_of(given)
    except (TypeError, AttributeError):
        slip = (
            f"has {option}={given!r}: it takes a lifespan, a name, or several of these."
        )
        raise refuse(slip) from None


def _is_text(given: object) -> bool:
    return isinstance(given, str)


def _is_switch(given: object) -> bool:
    # The answer of a coroutine function is a coroutine, which counts as a yes.
    return isinstance(given, bool) or (
        callable(given) and not inspect.iscoroutinefunction(given)
    )


def is_timeout(seconds: object) -> bool:
    """Tell whether *seconds* is a time limit: a number above 0, infinity included."""
    return (
        isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and not math.isnan(seconds)
        and seconds > 0
    )
