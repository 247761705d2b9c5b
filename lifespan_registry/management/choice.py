"""What has been typed to choose lifespans, and what is said of slips in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.core.management.base import CommandError

from lifespan_registry._core.definition import names_of
from lifespan_registry._core.registry import default_registry
from lifespan_registry.exceptions import DisabledError, PlanError, near_misses

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names

ACTIONS = ("list", "run")
"""What the command ``lifespans`` may be told to do."""

TYPED = {
    "only= of the run names it": "the command line asks for it",
    "skip= of the run names it": "--skip asks for it",
}
"""What an error says of the options of a run, and what has been typed for these."""


class Choice(NamedTuple):
    """Which lifespans a plan or a run is to have: the options of `Registry.run()`."""

    only: Names | None
    skip: Names
    tags: Names | None


def check_tags(asked: Names) -> None:
    """Raise CommandError for a tag that no lifespan has."""
    known = {tag for lifespan in default_registry for tag in lifespan.definition.tags}
    for tag in names_of(asked):
        if tag not in known:
            raise CommandError(f"no lifespan has the tag {tag!r}.{meant(tag, known)}")


def check_name(asked: str) -> None:
    """Raise CommandError for a name that no lifespan has."""
    known = [lifespan.name for lifespan in default_registry]
    if asked not in known:
        words = f"no lifespan is registered under the name {asked!r}."
        raise CommandError(words + meant(asked, known))


def misplaced(word: str) -> str:
    """Say what may be meant by a *word* that is neither ``list`` nor ``run``."""
    text = (
        "manage.py lifespans takes 'list' or 'run' before names, or options alone; it "
        f"was given {word!r}."
    )
    for name in near_misses(word, [lifespan.name for lifespan in default_registry])[:1]:
        return f"{text} Did you mean '--why {name}', 'list {name}' or 'run {name}'?"
    return text + meant(word, ACTIONS)


def meant(given: str, known: Iterable[str]) -> str:
    """Ask whether something of the like was meant."""
    close = near_misses(given, known)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def as_typed(refused: PlanError, skip: Names) -> str:
    """Say what stands against the plan in the words of the command line."""
    whole = str(refused)
    for error in refused.exceptions:
        words = str(error)
        if (
            isinstance(error, DisabledError)
            and error.origin is not None
            and error.needed.name in names_of(skip)
        ):
            advice = (
                f"Skip {error.origin.name!r} as well, or do not skip "
                f"{error.needed.name!r}."
            )
            words = f"{words.splitlines()[0]}\n{advice}"
        for option, typed in TYPED.items():
            words = words.replace(option, typed)
        whole = whole.replace(str(error), words)
    return whole
