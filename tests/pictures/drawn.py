"""What the tests draw: a small graph, a circle, names that mean something elsewhere."""

from __future__ import annotations

from lifespan_registry import Registry
from lifespan_registry._core import graph as order
from lifespan_registry.pictures.graph import Graph, of_plan
from tests.tracked import tracked

HOSTILE = (
    '<img src="x" onerror="boom()">',
    "</text></svg><script>boom()</script>",
    'a "quoted" \\N & \\" name',
    "&lt; &#60; #lt; #35;",
    "`code` [box] {curly} -->",
    "end",
    "über 漢字 🚀",
)
"""Names that are markup, escapes or words of the formats, or no ASCII."""


def add(registry: Registry, name: str, **options: object) -> None:
    """Register a lifespan that is never run."""
    tracked(registry, [], name, **options)


def shop(registry: Registry) -> None:
    """Fill *registry* with a bit of everything."""
    add(registry, "search", requires=("client", "db"), tags={"web", "api"})
    add(registry, "db", shutdown_timeout=2.5)
    add(registry, "client", after="db", startup_timeout=float("inf"))
    add(registry, "metrics", enabled=False)
    add(registry, "last", after="*")


def hostile(registry: Registry) -> None:
    """Fill *registry* with names that mean something elsewhere, in a chain."""
    for before, name in zip(("", *HOSTILE), HOSTILE, strict=False):
        add(registry, name, requires=before or (), tags=name)


def two_hundred(registry: Registry) -> None:
    """Fill *registry* with two hundred that wait for one another in many ways."""
    for place in range(199):
        others = {f"n{place // 2}", f"n{place // 5 * 4}"} - {f"n{place}"}
        how = "requires" if place % 3 else "after"
        add(registry, f"n{place}", **{how: others})
    add(registry, "last", after="*")


def drawn(registry: Registry) -> Graph:
    """Return what is drawn of all in *registry*, whether it could be run or not."""
    plan, errors = order.sketch(
        [one.definition for one in registry], None, None, None, {}
    )
    absent = [one.definition for one in registry if one.name in plan.absent]
    return of_plan(plan, registry.limits, absent, errors)


def circle(registry: Registry) -> None:
    """Fill *registry* with two that wait for one another, and two that do not."""
    add(registry, "config")
    add(registry, "cache", requires=("mail", "config"))
    add(registry, "mail", after="cache")
    add(registry, "reports", requires="mail")
