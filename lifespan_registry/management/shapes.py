"""The forms in which a plan can be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.core.management.base import CommandError, CommandParser

from lifespan_registry._core import graph as order
from lifespan_registry._core.definition import names_of
from lifespan_registry._core.registry import default_registry
from lifespan_registry.management.choice import Choice, check_name, meant
from lifespan_registry.pictures import dot, json, mermaid, svg
from lifespan_registry.pictures.graph import Graph, of_plan

if TYPE_CHECKING:
    from lifespan_registry._core.plan import Plan
    from lifespan_registry.exceptions import LifespanError

FORMATS: dict[str, Callable[[Graph], str]] = {
    "json": json.draw,
    "mermaid": mermaid.draw,
    "dot": dot.draw,
    "svg": svg.draw,
}


def add_shapes(parser: CommandParser, default: str | None) -> None:
    """Add the options that say how the plan is shown."""
    parser.add_argument(
        "--format", default=default, help=f"draw them instead: {_formats()}"
    )
    parser.add_argument(
        "--why",
        default=default,
        metavar="NAME",
        help="show what has to start before this one, and why",
    )


def _formats() -> str:
    *others, last = FORMATS
    return f"{', '.join(others)} or {last}"


def check_shape(form: str | None, why: str | None, action: str | None) -> None:
    """Raise CommandError for what the options cannot mean."""
    if form is not None and form not in FORMATS:
        words = f"--format takes {_formats()}; it was given {form!r}."
        raise CommandError(words + meant(form, FORMATS))
    if action == "run" and not (form is None and why is None):
        words = "--format and --why show what would start: leave them out, or 'run'."
        raise CommandError(words)
    if why is not None:
        check_name(why)


def graph_of(
    plan: Plan,
    choice: Choice,
    why: str | None,
    errors: Iterable[LifespanError] = (),
) -> Graph:
    """Return what is drawn of *plan*: all, or what leads to *why*.

    Those that take no part are in it, where nobody or one of them has been asked for.
    """
    asked = None if choice.only is None else {*names_of(choice.only), why}
    absent = [
        one.definition
        for one in default_registry
        if one.name in plan.absent and (asked is None or one.name in asked)
    ]
    drawn = of_plan(plan, default_registry.limits, absent, errors)
    return drawn if why is None else drawn.leading_to(why)


def sketch_of(choice: Choice, why: str | None) -> Graph:
    """Return what is drawn where there is no plan, because of a circle."""
    definitions = [one.definition for one in default_registry]
    tags = None if choice.tags is None else frozenset(names_of(choice.tags))
    made, errors = order.sketch(definitions, choice.only, choice.skip, tags, {})
    return graph_of(made, choice, why, errors)
