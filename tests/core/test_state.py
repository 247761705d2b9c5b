"""`State`: a mapping with attribute access, of a run or of a request."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from lifespan_registry import Registry, State
from lifespan_registry._core.state import MARK
from lifespan_registry.exceptions import LifespanError, MissingKeyError
from tests.tracked import tracked


def test_access(registry: Registry) -> None:
    """A value is reached by key, by attribute, and by every way of a mapping."""
    state = State({"db": 1, "items": 2, f"{MARK}1": registry.run()})
    assert (state["db"], state.db, state.get("db"), getattr(state, "db", None)) == (
        1,
    ) * 4
    assert state["items"] == 2
    assert [*state.items()] == [("db", 1), ("items", 2)]
    assert "db" in state
    assert hasattr(state, "db")
    assert not hasattr(state, "cache")
    assert (state.get("cache", 3), getattr(state, "cache", 4)) == (3, 4)


def test_internal_marks_are_hidden(registry: Registry) -> None:
    """What the package itself keeps in a state is neither listed nor counted."""
    state = State({"db": 1, f"{MARK}1": registry.run()})
    assert (len(state), [*state], repr(state)) == (1, ["db"], "<State: db>")
    assert state == {"db": 1}
    assert repr(State({f"{MARK}1": registry.run()})) == "<State: empty>"


PUBLISHED = "\nPublished are: cache, http_client."


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("htp_client", f" Did you mean 'http_client'?{PUBLISHED}"),
        ("db", PUBLISHED),
    ],
)
def test_missing_key(registry: Registry, key: str, words: str) -> None:
    """A missing key lists what is published, and the one that was meant."""
    state = State({"http_client": 1, "cache": 2, f"{MARK}1": registry.run()})
    errors: list[MissingKeyError] = []
    for kind in (MissingKeyError, KeyError, LifespanError):
        with pytest.raises(kind) as by_key:
            state[key]
        with pytest.raises((kind, AttributeError)) as by_attribute:
            getattr(state, key)
        with pytest.raises(kind) as by_removal:
            del state[key]
        for caught in (by_key, by_attribute, by_removal):
            assert isinstance(caught.value, MissingKeyError)
            errors.append(caught.value)
    assert {str(error) for error in errors} == {f"the state has no {key!r}.{words}"}
    assert {error.published for error in errors} == {("http_client", "cache")}


def test_missing_key_of_an_empty_state(registry: Registry) -> None:
    """An empty state asks whether anything has been started at all."""
    with pytest.raises(AttributeError) as caught:
        _ = State({f"{MARK}1": registry.run()}).db
    assert str(caught.value) == (
        "the state has no 'db': it is empty. Have the lifespans been started? Is the "
        "application wrapped in LifespanApplication?"
    )


def test_it_writes_through() -> None:
    """What is set on the state of a request is set in its scope."""
    scope: dict[str, Any] = {"db": 1}
    state = State(scope)
    state.user = "me"
    state["db"] = 2
    state.update(a=3, b=4)
    del state.a
    del state["b"]
    assert scope == {"db": 2, "user": "me"}
    with pytest.raises(MissingKeyError):
        del state.a
    assert state.pop("user") == "me"
    assert scope == {"db": 2}


async def test_state_of_a_run_is_read_only(registry: Registry, log: list[str]) -> None:
    """The state of a run refuses to be written, and says where else to write."""
    tracked(registry, log, "db")
    async with registry.run() as run:
        for write in (
            lambda: setattr(run.state, "db", 1),
            lambda: run.state.__setitem__("more", 1),
            lambda: delattr(run.state, "db"),
            run.state.clear,
        ):
            with pytest.raises(TypeError) as caught:
                write()
            assert str(caught.value) == (
                "the state of a run is read-only: what it holds is published by "
                "lifespans. What belongs to one request goes into the state of that "
                "request."
            )
        assert run.state == {"db": "db"}


async def test_state_of_a_run_is_a_view(registry: Registry, log: list[str]) -> None:
    """The state of a run is empty before it, and after it."""
    tracked(registry, log, "db")
    run = registry.run()
    state = run.state
    assert state == {}
    async with run:
        assert state == run.state == {"db": "db"}
    assert state == {}


@pytest.mark.parametrize("remake", [copy.copy, copy.deepcopy])
def test_copy(remake: Any) -> None:
    """A copy of a state has the same values, and goes its own way."""
    state = State({"db": [1]})
    again = remake(state)
    assert type(again) is State
    assert again == state
    again.more = 2
    assert again != state


async def test_copies_of_the_state_of_a_run(registry: Registry, log: list[str]) -> None:
    """The state of a run can be copied and pickled: the run itself is left out."""
    tracked(registry, log, "db")
    async with registry.run() as run:
        for remake in (copy.copy, copy.deepcopy):
            assert remake(run.state).mapping == {"db": "db"}
        assert pickle.loads(pickle.dumps(run.state)).mapping == {"db": "db"}


def test_unready_object_does_not_recurse() -> None:
    """An instance that has not been initialised yet raises AttributeError for all."""
    state = State.__new__(State)
    for name in ("__setstate__", "mapping", "db"):
        with pytest.raises(AttributeError):
            getattr(state, name)
