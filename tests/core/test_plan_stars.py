"""Before and after all others: the star in ``after=`` and ``before=``."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import PlanError
from tests.core.plans import add, order


def test_after_star(registry: Registry) -> None:
    """``after="*"`` comes after all others, those registered later too."""
    add(registry, "last", after="*")
    add(registry, "a", "b")
    add(registry, "c", requires="a")
    assert order(registry) == "a b c last"


def test_before_star(registry: Registry) -> None:
    """``before="*"`` comes before all others, those registered earlier too."""
    add(registry, "a", "b")
    add(registry, "c", requires="a")
    add(registry, "first", before="*")
    assert order(registry) == "first a b c"


def test_star_alone(registry: Registry) -> None:
    """A star with nobody else around asks for nothing."""
    add(registry, "only", after="*")
    assert order(registry) == "only"


def test_after_star_that_others_require(registry: Registry) -> None:
    """Those that wait for the last one are not meant by its star."""
    add(registry, "later", requires="last")
    add(registry, "latest", requires="later")
    add(registry, "last", after="*")
    add(registry, "a", "b")
    assert order(registry) == "a b last later latest"


def test_before_star_that_needs_others(registry: Registry) -> None:
    """Those that the first one waits for are not meant by its star."""
    add(registry, "a")
    add(registry, "first", before="*", requires="settings")
    add(registry, "settings", requires="files")
    add(registry, "files", "b")
    assert order(registry) == "files settings first a b"


def test_two_stars_of_a_kind(registry: Registry) -> None:
    """Two stars do not mean each other, and keep the order of registration."""
    add(registry, "y", "z", after="*")
    add(registry, "a")
    add(registry, "c", "b", before="*")
    assert order(registry) == "c b a y z"


def test_two_stars_in_their_own_order(registry: Registry) -> None:
    """Two that want to be last may still order themselves."""
    add(registry, "last", after=["*", "almost"])
    add(registry, "almost", after="*")
    add(registry, "a")
    assert order(registry) == "a almost last"


def test_both_stars_on_one(registry: Registry) -> None:
    """One cannot be the first and the last of many."""
    at = add(registry, "a").definition.origin.where
    add(registry, "both", before="*", after="*")
    with pytest.raises(PlanError) as caught:
        registry.plan()
    assert [str(error) for error in caught.value.exceptions] == [
        f"""these 2 lifespans wait for one another, so that none can start:

    ╭─> 'a' has to wait for 'both', which has before='*'   {at}
    ╰── 'both' has after='*'                               {at}

Remove one of these dependencies."""
    ]


def test_star_against_a_wish(registry: Registry) -> None:
    """One that is to be last, and that the first one needs, is a contradiction."""
    at = add(registry, "a").definition.origin.where
    add(registry, "first", before="*", requires="last")
    add(registry, "last", after="*")
    with pytest.raises(PlanError) as caught:
        registry.plan()
    assert [str(error) for error in caught.value.exceptions] == [
        f"""these 3 lifespans wait for one another, so that none can start:

    ╭─> 'a' has to wait for 'first', which has before='*'   {at}
    │   'first' requires 'last'                             {at}
    ╰── 'last' has after='*'                                {at}

Remove one of these dependencies."""
    ]


def test_star_of_every_registration_order(registry: Registry) -> None:
    """Where the stars are written does not matter to who is first and last."""
    wishes: dict[str, dict[str, Any]] = {
        "first": {"before": "*"},
        "a": {},
        "b": {"requires": "a"},
        "last": {"after": "*"},
    }
    for names in itertools.permutations(wishes):
        fresh = Registry()
        for name in names:
            add(fresh, name, **wishes[name])
        assert order(fresh) == "first a b last", names
