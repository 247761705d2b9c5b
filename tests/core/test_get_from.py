"""`Lifespan.get()` with a source: a request, a scope, a consumer, a state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from lifespan_registry import Lifespan, Registry, State
from lifespan_registry.exceptions import (
    MissingKeyError,
    NotInThisRunError,
    NotStartedError,
    SourceError,
    StoppedError,
)


@pytest.fixture(name="db")
def _db(registry: Registry) -> Lifespan[str]:
    @registry.on_lifespan
    async def db() -> AsyncIterator[str]:
        yield "db"

    return db


async def test_every_source(registry: Registry, db: Lifespan[str]) -> None:
    """All that has a state serves as a source, under any loop."""
    async with registry.run() as run:
        state = run.copy_state()
        scope = {"type": "http", "state": state}
        sources: list[Any] = [
            scope,
            {"type": "websocket", "state": State(state)},
            SimpleNamespace(scope=scope),
            SimpleNamespace(scope={"type": "http", "state": State(state)}),
            State(state),
            state,
            run.state,
        ]

        async def ask() -> list[str]:
            return [db.get(source) for source in sources]

        assert await ask() == ["db"] * len(sources)
        assert await asyncio.to_thread(asyncio.run, ask()) == ["db"] * len(sources)


async def test_value_replaced_for_a_request(
    registry: Registry, db: Lifespan[str]
) -> None:
    """A request that has put a value of its own under the key gets that one."""
    async with registry.run() as run:
        scope = {"type": "http", "state": run.copy_state() | {"db": "mine"}}
        assert db.get(scope) == "mine"
        assert db.get(State(scope["state"])) == "mine"
        del scope["state"]["db"]
        assert db.get(scope) == "db"
        assert db.get() == "db"


async def test_value_under_another_key(registry: Registry) -> None:
    """The value is found under ``state_key=``, as a mapping, and unpublished."""
    keyed = registry.on_lifespan(name="keyed", state_key="key")(lambda: (yield 1))
    parts = registry.on_lifespan(name="parts")(lambda: (yield {"a": 2}))
    hidden = registry.on_lifespan(name="hidden", state_key=None)(lambda: (yield 3))
    async with registry.run() as run:
        state = run.copy_state() | {"key": "mine", "a": "mine"}
        assert run.state == {"key": 1, "a": 2}
        assert [one.get(state) for one in (keyed, parts, hidden)] == [
            "mine",
            {"a": 2},
            3,
        ]
    assert keyed.get({"key": "by hand"}) == "by hand"


def test_state_by_hand(db: Lifespan[str]) -> None:
    """Code under test can be given a state with a fake, without any run."""
    for source in (
        {"db": "fake"},
        State({"db": "fake"}),
        {"type": "http", "state": {"db": "fake"}},
        SimpleNamespace(scope={"type": "http", "state": {"db": "fake"}}),
    ):
        assert db.get(source) == "fake"


def test_state_by_hand_without_the_key(db: Lifespan[str]) -> None:
    """A `State` that was given and has no such key says what it has."""
    with pytest.raises(MissingKeyError) as caught:
        db.get(State({"dbs": "fake"}))
    assert str(caught.value) == (
        "the state has no 'db'. Did you mean 'dbs'?\nPublished are: dbs."
    )


async def test_source_without_a_state(registry: Registry, db: Lifespan[str]) -> None:
    """A request that has no state, as in Django's tests, is served by the run."""
    sources: list[Any] = [
        RequestFactory().get("/"),
        {"type": "http"},
        {"type": "http", "state": None},
        {"type": "http", "state": {}},
        SimpleNamespace(scope={"type": "http"}),
        {},
    ]
    for source in sources:
        with pytest.raises(NotStartedError):
            db.get(source)
    async with registry.run():
        assert [db.get(source) for source in sources] == ["db"] * len(sources)


async def test_source_of_a_run_that_is_over(
    registry: Registry, db: Lifespan[str]
) -> None:
    """A state that outlives its run does not hand out what has been stopped."""
    async with registry.run() as run:
        state = run.copy_state()
    with pytest.raises(StoppedError) as caught:
        db.get(state)
    assert str(caught.value).startswith(
        "lifespan 'db' has no value any more: it has been stopped.\n"
        "This code runs after the stop of the server, or outside the block that has "
        "started it: async with default_registry.run(): ..."
    )


def test_source_of_a_run_that_is_not_entered(
    registry: Registry, db: Lifespan[str]
) -> None:
    """The state of a run that nobody has entered has no values."""
    with pytest.raises(NotInThisRunError) as caught:
        db.get(registry.run().state)
    assert str(caught.value) == (
        "lifespan 'db' has no value: it belongs to a run that has not started."
    )


@pytest.mark.parametrize(
    ("source", "given"),
    [
        (42, "int"),
        ("db", "str"),
        ([], "list"),
        (SimpleNamespace(scope=42), "SimpleNamespace"),
    ],
)
def test_what_is_no_source(source: object, given: str, db: Lifespan[str]) -> None:
    """What cannot have a state is refused, in words that say what can."""
    with pytest.raises(SourceError) as caught:
        db.get(source)
    assert isinstance(caught.value, TypeError)
    assert str(caught.value) == (
        "db.get() takes a request, a scope, a consumer or a State, or nothing; it was "
        f"given an object of type {given}.\n"
        "A method of the value itself is called on db.get()."
    )
