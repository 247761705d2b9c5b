"""The order of the start: who waits for whom, by which wish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from lifespan_registry import Registry
from tests.core.plans import add, order
from tests.tracked import tracked


def test_empty_plan(registry: Registry) -> None:
    """A registry with nothing in it has a plan, too."""
    plan = registry.plan()
    assert (len(plan), plan.names, repr(plan)) == (0, (), "<Plan: empty>")


def test_order_of_registration(registry: Registry) -> None:
    """Those that wait for nothing come in the order of their registration."""
    add(registry, "c", "a", "b")
    assert order(registry) == "c a b"
    assert repr(registry.plan()) == "<Plan: c, a, b>"


def test_waves(registry: Registry) -> None:
    """Those that wait come after all that wait for nothing, wave by wave."""
    add(registry, "third", requires=["second", "lone"])
    add(registry, "second", requires="first")
    add(registry, "first", "lone")
    assert order(registry) == "first lone second third"


@pytest.mark.parametrize("option", ["requires", "after"])
@pytest.mark.parametrize("form", ["name", "lifespan", "tuple", "list", "mixed"])
def test_forms_of_later(option: str, form: str, registry: Registry) -> None:
    """Both ``requires=`` and ``after=`` take a name, a lifespan, or several."""
    two = add(registry, "two")
    one = Registry().on_lifespan(name="one")(lambda: (yield))
    given: dict[str, tuple[Any, str]] = {
        "name": ("one", "two one late"),
        "lifespan": (one, "two one late"),
        "tuple": (("one", "two"), "two one late"),
        "list": ([one, two], "two one late"),
        "mixed": (iter(["one", two, "one"]), "two one late"),
    }
    add(registry, "late", **{option: given[form][0]})
    add(registry, "one")
    assert order(registry) == given[form][1]


def test_before(registry: Registry) -> None:
    """``before=`` puts one ahead of those that were registered earlier."""
    one = add(registry, "one")
    add(registry, "two")
    add(registry, "early", before=one)
    assert order(registry) == "two early one"
    add(registry, "earlier", before=[one, "two", "early"])
    assert order(registry) == "earlier two early one"


def test_unknown_names_in_after_and_before_are_silent(registry: Registry) -> None:
    """Order alone asks for nobody to be there."""
    add(registry, "one", after="nobody", before=["nobody", "else"])
    assert order(registry) == "one"


def test_steps_say_why(registry: Registry) -> None:
    """A step of the plan tells whom it waits for, and in whose words."""

    e = registry.on_lifespan(name="e", requires="b", after="c")(lambda a, f="": (yield))
    add(registry, "a", "b", "c", "f")
    add(registry, "d", before="e")
    plan = registry.plan()
    step = plan[-1]
    reasons = {plan[place].name: how for place, how in step.waits_for.items()}
    assert reasons == {
        "a": "takes 'a'",
        "b": "requires 'b'",
        "c": "has after='c'",
        "f": "takes 'f'",
        "d": "has to wait for 'd', which has before='e'",
    }
    assert [one.followed_by for one in plan] == [(5,)] * 5 + [()]
    assert [one.name for one in plan[:2]] == ["a", "b"]
    assert step.origin == e.definition.origin


async def test_steps_are_no_lies(registry: Registry, log: list[str]) -> None:
    """What the plan says is what a run does, whichever way it was asked for."""

    @registry.on_lifespan(requires="b", after="c")
    async def e(a: str, f: str = "") -> AsyncIterator[None]:
        log.append(f"+e with {a} {f}")
        yield

    for name in "abcf":
        tracked(registry, log, name)
    tracked(registry, log, "d", before="e")
    async with registry.run():
        assert log == ["+a", "+b", "+c", "+f", "+d", "+e with a f"]


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("c", "a c"),
        (["c", "d"], "a d c"),
        (["c", "c"], "a c"),
        ([], ""),
    ],
)
def test_only_with_what_it_needs(
    only: Sequence[str], names: str, registry: Registry
) -> None:
    """``only=`` takes along what is needed, and nothing that is only wished for."""
    add(registry, "a", "b", "d")
    c = registry.on_lifespan(name="c", after="d")(lambda a, b="": (yield))
    assert order(registry, only=only) == names
    assert order(registry) == "a b d c"
    assert order(registry, only=c) == "a c"


def test_skip(registry: Registry) -> None:
    """``skip=`` leaves out what nothing else needs; a wish for it stays open."""
    b = add(registry, "b")
    add(registry, "a", "c", after="b")
    assert order(registry, skip=b) == "a c"
    assert order(registry, skip=["b", "a"]) == "c"
    assert order(registry, only=["a", "c"], skip="b") == "a c"


def test_enabled_is_read_each_time(registry: Registry) -> None:
    """``enabled=`` may be a callable, which is asked once for each plan."""
    answers = iter([True, False, True])
    add(registry, "a", enabled=lambda: next(answers))
    add(registry, "b", "c", after="a")
    add(registry, "off", enabled=False)
    assert [order(registry) for _ in range(3)] == ["a b c", "b c", "a b c"]
    assert next(answers, "all are used") == "all are used"


def test_enabled_of_what_is_not_wanted_is_not_asked(registry: Registry) -> None:
    """A plan for some does not ask the others whether they are enabled."""
    add(registry, "a", enabled=lambda: 1 / 0)
    add(registry, "b", after="a")
    assert order(registry, only="b") == "b"
    assert order(registry, skip="a") == "b"


async def test_registry_grows_between_runs(registry: Registry, log: list[str]) -> None:
    """A lifespan that is registered during a run belongs to the next one."""
    tracked(registry, log, "a")
    async with registry.run():
        tracked(registry, log, "b")
    async with registry.run():
        log.append("again")
    assert log == ["+a", "-a", "+a", "+b", "again", "-b", "-a"]
