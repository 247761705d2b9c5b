"""Lifespans that wait for one another are drawn, with the wish of each one."""

from __future__ import annotations

from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import CycleError, PlanError
from tests.core.plans import add


def cycles(registry: Registry) -> list[CycleError]:
    with pytest.raises(PlanError) as caught:
        registry.plan()
    errors = [one for one in caught.value.exceptions if isinstance(one, CycleError)]
    assert len(errors) == len(caught.value.exceptions)
    return errors


def names(errors: list[CycleError]) -> list[list[str]]:
    return [[origin.name for origin in error.origins] for error in errors]


@pytest.mark.parametrize(
    ("function", "options", "wish"),
    [
        (lambda me: (yield), {}, "takes 'me'"),
        (lambda me=None: (yield), {}, "takes 'me'"),
        (lambda: (yield), {"requires": "me"}, "requires 'me'"),
        (lambda: (yield), {"after": "me"}, "has after='me'"),
    ],
)
def test_one(
    function: Any, options: dict[str, Any], wish: str, registry: Registry
) -> None:
    """One that waits for itself is told so in a sentence."""
    me = registry.on_lifespan(name="me", **options)(function).definition.origin
    assert list(map(str, cycles(registry))) == [
        (
            f"{me} waits for itself: it {wish}.\n"
            "Rename the parameter, or take its own name out of the option."
        )
    ]


def test_two(registry: Registry) -> None:
    """Two that wait for each other are drawn with their lines."""
    a = registry.on_lifespan(name="a")(lambda cache: (yield)).definition.origin
    b = registry.on_lifespan(name="cache", after="a")(lambda: (yield)).definition.origin
    assert b.line == a.line + 1
    (error,) = cycles(registry)
    assert (
        str(error)
        == f"""\
these 2 lifespans wait for one another, so that none can start:

    ╭─> 'a' takes 'cache'       {a.where}
    ╰── 'cache' has after='a'   {b.where}

Remove one of these dependencies."""
    )


def test_five(registry: Registry) -> None:
    """Five are drawn in the order in which they wait, each with its own words."""
    add(registry, "outside", before="a")
    on_lifespan = registry.on_lifespan
    a = on_lifespan(name="a")(lambda b, outside: (yield)).definition.origin.where
    c = on_lifespan(name="c", after="d")(lambda: (yield)).definition.origin.where
    b = on_lifespan(name="b", requires="c")(lambda: (yield)).definition.origin.where
    e = on_lifespan(name="e", before="d")(lambda a: (yield)).definition.origin.where
    d = on_lifespan(name="d")(lambda: (yield)).definition.origin.where
    (error,) = cycles(registry)
    assert (
        str(error)
        == f"""\
these 5 lifespans wait for one another, so that none can start:

    ╭─> 'a' takes 'b'                                   {a}
    │   'b' requires 'c'                                {b}
    │   'c' has after='d'                               {c}
    │   'd' has to wait for 'e', which has before='d'   {d}
    ╰── 'e' takes 'a'                                   {e}

Remove one of these dependencies."""
    )


def test_two_circles_at_once(registry: Registry) -> None:
    """Two circles that have nothing to do with each other are both found."""
    add(registry, "a", requires="b")
    add(registry, "b", requires="a")
    add(registry, "fine")
    add(registry, "x", requires="y")
    add(registry, "y", requires="z")
    add(registry, "z", requires="x")
    assert names(cycles(registry)) == [["a", "b"], ["x", "y", "z"]]


def test_circle_that_waits_for_another(registry: Registry) -> None:
    """A circle behind another one is found, too, whichever comes first."""
    add(registry, "c", requires=["a", "d"])
    add(registry, "d", requires="c")
    add(registry, "behind", requires="d")
    add(registry, "a", requires="b")
    add(registry, "b", requires="a")
    assert sorted(names(cycles(registry))) == [["a", "b"], ["c", "d"]]


def test_those_in_front_and_behind_are_not_drawn(registry: Registry) -> None:
    """Only the circle itself is drawn, not what leads to it, nor what hangs on it."""
    add(registry, "behind", requires=["a", "front"])
    add(registry, "a", requires=["front", "b"])
    add(registry, "b", requires=["a", "front"])
    add(registry, "front")
    assert names(cycles(registry)) == [["a", "b"]]
