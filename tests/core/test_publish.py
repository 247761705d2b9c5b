"""Under which keys a lifespan publishes what it yields, and who owns a key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry.exceptions import (
    BadStateKeyError,
    Origin,
    PlanError,
    StartupError,
    StateKeyError,
)

Add = Callable[..., Lifespan[Any]]


@pytest.fixture(name="add")
def _add(registry: Registry, log: list[str]) -> Add:
    def add(name: str, value: object, **options: Any) -> Lifespan[Any]:
        @registry.on_lifespan(name=name, **options)
        async def lifespan() -> AsyncIterator[object]:
            yield value
            log.append(f"-{name}")

        return lifespan

    return add


MAPPING = {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("value", "options", "state"),
    [
        ("x", {}, {"one": "x"}),
        ("x", {"state_key": "key"}, {"key": "x"}),
        ("x", {"state_key": "one"}, {"one": "x"}),
        ("x", {"state_key": None}, {}),
        (None, {}, {}),
        (None, {"state_key": "key"}, {}),
        (0, {}, {"one": 0}),
        (MAPPING, {}, MAPPING),
        (MappingProxyType(MAPPING), {}, MAPPING),
        (MAPPING, {"state_key": "key"}, {"key": MAPPING}),
        (MAPPING, {"state_key": None}, {}),
        ({}, {}, {}),
        ({1: "x"}, {"state_key": "key"}, {"key": {1: "x"}}),
    ],
)
async def test_keys(
    value: object,
    options: Mapping[str, Any],
    state: Mapping[str, Any],
    add: Add,
    registry: Registry,
) -> None:
    """A value has the key of its name, of ``state_key=``, several, or none at all."""
    one = add("one", value, **options)
    async with registry.run() as run:
        assert run.state == state
        assert one.get() is value


async def failures(registry: Registry) -> list[Exception]:
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    return list(caught.value.exceptions)


OTHER_KEY = (
    "\nGive it another key with @on_lifespan(state_key=...), or publish nothing with "
    "state_key=None."
)


def taken(key: str, origin: Origin, by: object) -> str:
    return f"the state key {key!r} of {origin} is taken already, by {by}.{OTHER_KEY}"


async def test_key_is_the_name_of_another(
    add: Add, registry: Registry, log: list[str]
) -> None:
    """A ``state_key=`` that is the name of another one fails, when both are known."""
    db = add("db", "x").definition.origin
    two = add("two", "y", state_key="db", after="db").definition.origin
    assert list(map(str, await failures(registry))) == [taken("db", two, db)]
    assert log == ["-two", "-db"]


async def test_mapping_with_a_key_of_another(
    add: Add, registry: Registry, log: list[str]
) -> None:
    """A mapping with a taken key publishes nothing of it."""
    outer: dict[str, Any] = {}
    a = add("a", "x").definition.origin
    one = add("one", {"b": 3, "a": 4}, after="a").definition.origin
    run = registry.run()
    run.share(outer)
    with pytest.raises(StartupError) as caught:
        await run.__aenter__()
    assert list(map(str, caught.value.exceptions)) == [taken("a", one, a)]
    assert (outer, log) == ({}, ["-one", "-a"])


async def test_mapping_with_a_key_that_is_no_string(
    add: Add, registry: Registry, log: list[str]
) -> None:
    """A mapping is published key by key, and so needs strings for keys."""
    one = add("one", {"a": 1, 2: 3}).definition.origin
    (error,) = await failures(registry)
    assert type(error) is BadStateKeyError
    assert str(error) == (
        f"{one} yielded a mapping with the key 2. A mapping is published key by key, "
        "and the keys of the state are strings. To publish it as one value, use "
        "@on_lifespan(state_key=...)."
    )
    assert log == ["-one"]


OUTER = (
    'scope["state"] itself, where the server or an application around '
    "LifespanApplication has put it"
)


async def test_explicit_key_that_is_there_already(
    add: Add, registry: Registry, log: list[str]
) -> None:
    """A ``state_key=`` that the scope has already is known before anything starts."""
    outer: dict[str, Any] = {"db": "theirs"}
    add("early", "x")
    db = add("mine", "y", state_key="db").definition.origin
    run = registry.run()
    run.share(outer)
    with pytest.raises(PlanError) as caught:
        await run.__aenter__()
    assert list(map(str, caught.value.exceptions)) == [taken("db", db, OUTER)]
    assert (outer, log) == ({"db": "theirs"}, [])


async def test_name_that_is_there_already(
    add: Add, registry: Registry, log: list[str]
) -> None:
    """A name that is a key of the scope already is an error of the start."""
    outer: dict[str, Any] = {"db": "theirs"}
    db = add("db", "x").definition.origin
    run = registry.run()
    run.share(outer)
    with pytest.raises(StartupError) as caught:
        await run.__aenter__()
    (error,) = caught.value.exceptions
    assert isinstance(error, StateKeyError)
    assert str(error) == taken("db", db, OUTER)
    assert error.other is None
    assert (outer, log) == ({"db": "theirs"}, ["-db"])


async def test_shared_state_is_filled_and_emptied(
    add: Add, registry: Registry, log: list[str]
) -> None:
    """A shared state has what is published while it is up, and is left as it was."""
    outer: dict[str, Any] = {"theirs": 1}
    add("db", "x")
    add("more", MAPPING)
    run = registry.run()
    run.share(outer)
    async with run:
        assert {**run.state, "theirs": 1, registry.mark: run} == outer
        assert run.copy_state() == outer
        outer["late"] = 2
    assert outer == {"theirs": 1, "late": 2}
    assert log == ["-more", "-db"]
