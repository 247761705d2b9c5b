"""Why there is no plan: every reason at once, each with the place it comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import (
    CycleError,
    DisabledError,
    DuplicateNameError,
    EnabledError,
    LifespanError,
    PlanError,
    StateKeyError,
    UnknownLifespanError,
)
from tests.core.plans import add
from tests.tracked import boom, tracked

IMPORTED = (
    "Is the module that defines it imported? Of each app in INSTALLED_APPS, the module "
    "'lifespans' is, by django.setup()."
)
WISH = (
    "Disable both, or let it do without: a parameter with a default is only filled "
    "where the other one runs."
)


def errors_of(registry: Registry, **options: Any) -> list[LifespanError]:
    with pytest.raises(PlanError) as caught:
        registry.plan(**options)
    return list(caught.value.exceptions)


def texts(registry: Registry, **options: Any) -> list[str]:
    return list(map(str, errors_of(registry, **options)))


# --- unknown names -------------------------------------------------------------------


def test_parameter_misspelt(registry: Registry) -> None:
    """A parameter that no lifespan provides names the one that was meant."""
    client = registry.on_lifespan(name="http_client")(lambda: (yield))
    search = registry.on_lifespan(name="search")(lambda htp_client: (yield))
    who = search.definition.origin
    assert texts(registry) == [
        (
            f"{who} takes 'htp_client', but no lifespan is registered under the name "
            "'htp_client'.\n"
            f"Did you mean {client.definition.origin}?\n{IMPORTED}"
        )
    ]


def test_the_same_slip_twice(registry: Registry) -> None:
    """Two that ask for the same unknown name are told so one by one."""
    cache = add(registry, "cache").definition.origin
    add(registry, "one", "two", requires="cahce")
    guess = f"Did you mean {cache}?"
    assert [text.splitlines()[1] for text in texts(registry)] == [guess, guess]


def test_nothing_similar(registry: Registry) -> None:
    """A name that is like no other is said to be missing, without a guess."""
    search = add(registry, "search", requires="db")
    assert texts(registry) == [
        (
            f"{search.definition.origin} requires 'db', but no lifespan is registered "
            f"under the name 'db'.\nDoes it have @on_lifespan, and is{IMPORTED[2:]}"
        )
    ]


@pytest.mark.parametrize("option", ["only", "skip"])
def test_unknown_in_only_and_skip(option: str, registry: Registry) -> None:
    """A run cannot name what nobody has registered."""
    near = [add(registry, name).definition.origin for name in ("cache_a", "cache_b")]
    assert texts(registry, **{option: "cache_"}) == [
        (
            f"{option}= of the run names it, but no lifespan is registered under the "
            f"name 'cache_'.\nDid you mean {near[1]} or {near[0]}?\n{IMPORTED}"
        )
    ]


# --- taken names ---------------------------------------------------------------------


def test_two_functions_under_one_name(registry: Registry) -> None:
    """A name that is taken names both places."""
    first = registry.on_lifespan(name="db")(lambda: (yield)).definition.origin
    second = registry.on_lifespan(name="db")(lambda: (yield)).definition.origin
    assert first.line + 1 == second.line
    assert texts(registry) == [
        (
            "the name 'db' is taken by more than one lifespan:\n\n"
            f"    {first.where}\n    {second.where}\n\n"
            "Rename one of them, or give it another name with @on_lifespan(name=...)."
        )
    ]


def test_explicit_state_key_twice(registry: Registry) -> None:
    """Two that ask for one state key are told before anything is started."""
    one = add(registry, "one", state_key="db").definition.origin
    two = add(registry, "two", state_key="db").definition.origin
    assert texts(registry) == [
        (
            f"the state key 'db' of {two} is taken already, by {one}.\nGive it another "
            "key with @on_lifespan(state_key=...), or publish nothing with "
            "state_key=None."
        )
    ]
    assert registry.plan(skip="one").names == ("two",)


# --- disabled ------------------------------------------------------------------------


@pytest.mark.parametrize("enabled", [False, lambda: False, lambda: 0])
def test_disabled_is_required(enabled: Any, registry: Registry) -> None:
    """To require a disabled lifespan is an error that says so."""
    db = add(registry, "db", enabled=enabled).definition.origin
    user = registry.on_lifespan(name="user")(lambda db: (yield)).definition.origin
    assert texts(registry) == [
        f"{user} takes 'db', but {db} is disabled by its enabled=.\n{WISH}"
    ]


def test_skipped_is_required(registry: Registry) -> None:
    """To skip what another one requires is an error that says so."""
    db = add(registry, "db").definition.origin
    user = add(registry, "user", requires="db").definition.origin
    assert texts(registry, skip="db") == [
        f"{user} requires 'db', but {db} is skipped in this run.\n{WISH}"
    ]


def test_only_a_disabled_one(registry: Registry) -> None:
    """A run of a disabled lifespan alone is an error that says so."""
    db = add(registry, "db", enabled=False).definition.origin
    assert texts(registry, only="db") == [
        f"only= of the run names it, but {db} is disabled by its enabled=."
    ]
    assert texts(registry, only="db", skip="db") == [
        f"only= of the run names it, but {db} is skipped in this run."
    ]


def test_enabled_raises(registry: Registry) -> None:
    """An ``enabled=`` that raises is an error of the plan, with its cause."""
    db = add(registry, "db", enabled=boom("no settings", KeyError)).definition.origin
    (error,) = errors_of(registry)
    assert isinstance(error, EnabledError)
    assert str(error) == (
        f"enabled= of {db} raised KeyError: 'no settings'\nIt is called when a run "
        "starts, and by manage.py check: let it return True or False."
    )
    assert error.__cause__ is error.error
    assert isinstance(error.error, KeyError)


# --- all at once ---------------------------------------------------------------------


def test_several_errors_at_once(registry: Registry) -> None:
    """Everything that is wrong comes out in one error, each part of it once."""
    add(registry, "twice")
    registry.on_lifespan(name="twice")(lambda: (yield))
    add(registry, "raises", enabled=boom())
    add(registry, "off", enabled=False)
    add(registry, "wants_off", requires=["off", "raises"])
    add(registry, "wants_nobody", requires="nobody")
    add(registry, "chicken", requires="egg")
    add(registry, "egg", requires="chicken")
    add(registry, "key", "other", state_key="key")

    with pytest.raises(PlanError) as caught:
        registry.plan(skip="nothing")
    assert [type(error) for error in caught.value.exceptions] == [
        DuplicateNameError,
        UnknownLifespanError,
        EnabledError,
        DisabledError,
        UnknownLifespanError,
        StateKeyError,
        CycleError,
    ]
    assert str(caught.value) == "the lifespans cannot be started:\n\n" + "\n\n".join(
        map(str, caught.value.exceptions)
    )


async def test_nothing_is_entered(registry: Registry, log: list[str]) -> None:
    """A run whose plan fails enters nothing, and can be mended."""
    tracked(registry, log, "fine")
    tracked(registry, log, "wrong", requires="late")
    with pytest.raises(PlanError):
        await registry.run().__aenter__()
    assert log == []

    @registry.on_lifespan
    async def late() -> AsyncIterator[None]:
        yield

    async with registry.run():
        assert log == ["+fine", "+wrong"]
