"""What is drawn: lifespans, and who waits for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lifespan_registry._core.definition import Limits
from lifespan_registry._core.plan import Plan, Step
from lifespan_registry.exceptions import CycleError, LifespanError, Origin

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Definition
    from lifespan_registry._core.report import Report, Status


class Wait(NamedTuple):
    """One lifespan starts after another: `waiter` after `first`."""

    waiter: str
    first: str
    why: str
    """In the words of the plan: "takes 'db'", "has after='db'"."""
    in_circle: bool = False

    @property
    def is_need(self) -> bool:
        """Whether the waiter cannot do without the other; else it is order alone."""
        return self.why.startswith(("takes ", "requires "))

    @property
    def is_sweeping(self) -> bool:
        """Whether it is one of the many that ``after="*"`` or ``before="*"`` makes."""
        return self.why.endswith(("after='*'", "before='*'"))


class Node(NamedTuple):
    """One lifespan; time limits are seconds."""

    name: str
    origin: Origin
    tags: tuple[str, ...] = ()
    startup_timeout: float = Limits().startup
    shutdown_timeout: float = Limits().shutdown
    in_circle: bool = False
    absent: str = ""
    """Why it takes no part, if it does not: "is disabled by its enabled="."""

    status: Status | None = None
    """How far it has come, where a run is drawn."""

    seconds: float | None = None
    """How long its start has taken, where that is over."""


class Graph:
    """Lifespans in the order in which they start, and what each waits for.

    Those that take no part come last, and wait for nothing.
    """

    def __init__(self, nodes: Iterable[Node], waits: Iterable[Wait]) -> None:
        self.nodes = tuple(nodes)
        self.waits = tuple(waits)
        self._named = {node.name: node for node in self.nodes}
        self._before: dict[str, list[Wait]] = {node.name: [] for node in self.nodes}
        self._behind: dict[str, list[Wait]] = {node.name: [] for node in self.nodes}
        for wait in self.waits:
            self._before[wait.waiter].append(wait)
            self._behind[wait.first].append(wait)

    def __getitem__(self, name: str) -> Node:
        return self._named[name]

    @property
    def present(self) -> tuple[Node, ...]:
        """Those that take part."""
        return tuple(node for node in self.nodes if not node.absent)

    @property
    def absent(self) -> tuple[Node, ...]:
        """Those that take no part."""
        return tuple(node for node in self.nodes if node.absent)

    def before(self, name: str) -> list[Wait]:
        """Return what *name* waits for."""
        return self._before[name]

    def behind(self, name: str) -> list[Wait]:
        """Return what waits for *name*."""
        return self._behind[name]

    @cached_property
    def lines(self) -> tuple[Wait, ...]:
        """The waits that a picture shows.

        Of the many that a star makes, those are left out that follow from others: of
        three in a row, ``after="*"`` is drawn to the last alone.
        """
        if not any(wait.is_sweeping for wait in self.waits):
            return self.waits
        ancestors: dict[str, set[str]] = {}
        for node in self.nodes:
            ancestors[node.name] = {
                one
                for wait in self.before(node.name)
                # In a circle, one waits for what comes after it.
                if wait.first in ancestors
                for one in (wait.first, *ancestors[wait.first])
            }
        return tuple(
            wait
            for wait in self.waits
            if wait.in_circle
            or not wait.is_sweeping
            or not any(
                wait.first in ancestors[other.first]
                for other in self.before(wait.waiter)
            )
        )

    def leading_to(self, name: str) -> Graph:
        """Return the part of it that has to start before *name*, and that itself."""
        names, front = {name}, [name]
        while front:
            firsts = {wait.first for wait in self.before(front.pop())} - names
            names |= firsts
            front += firsts
        return Graph(
            (node for node in self.nodes if node.name in names),
            (wait for wait in self.waits if wait.waiter in names),
        )


def of_plan(
    plan: Plan,
    limits: Limits,
    absent: Iterable[Definition] = (),
    errors: Iterable[LifespanError] = (),
) -> Graph:
    """Draw *plan*, with the *absent* ones, and the circles among its *errors*.

    *limits* are those of lifespans that have none of their own.
    """
    circles = _circles(errors)
    return Graph(
        (
            *(_node(step, limits, circles) for step in plan),
            *(_absent(definition, limits, plan.absent) for definition in absent),
        ),
        (
            Wait(
                step.name,
                plan[place].name,
                why,
                in_circle=(step.name, plan[place].name) in circles,
            )
            for step in plan
            for place, why in sorted(step.waits_for.items())
        ),
    )


def of_report(report: Report) -> Graph:
    """Draw the run that *report* is of, with what has become of each."""
    return Graph(
        (
            Node(
                one.name,
                one.origin,
                tuple(sorted(one.tags)),
                one.startup_timeout,
                one.shutdown_timeout,
                status=one.status,
                seconds=one.startup_seconds,
            )
            for one in report.values()
        ),
        (
            Wait(one.name, first, why)
            for one in report.values()
            for first, why in one.reasons.items()
        ),
    )


def _node(step: Step, limits: Limits, circles: Iterable[tuple[str, str]]) -> Node:
    return Node(
        step.name,
        step.origin,
        tuple(sorted(step.definition.tags)),
        step.startup_limit(limits.startup),
        step.shutdown_limit(limits.shutdown),
        in_circle=any(step.name == waiter for waiter, _ in circles),
    )


def _absent(definition: Definition, limits: Limits, reasons: Mapping[str, str]) -> Node:
    node = _node(Step(definition, {}, ()), limits, ())
    return node._replace(absent=reasons[definition.name])


def _circles(errors: Iterable[LifespanError]) -> set[tuple[str, str]]:
    """Return who waits for whom in a circle."""
    found: set[tuple[str, str]] = set()
    for error in errors:
        if isinstance(error, CycleError):
            names = [origin.name for origin in error.origins]
            found.update(zip(names, [*names[1:], names[0]], strict=True))
    return found
