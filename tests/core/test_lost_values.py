"""A state that has lost a value says what has become of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lifespan_registry import Lifespan, Registry, State
from lifespan_registry.exceptions import MissingKeyError, UnavailableError
from tests.core.waiting import until
from tests.tracked import tracked


def missing(state: State, key: str) -> str:
    """Return what the state says of a missing key, the same on every way."""
    texts: set[str] = set()
    for kind in (KeyError, AttributeError):
        with pytest.raises(kind) as by_key:
            state[key]
        with pytest.raises(kind) as by_attribute:
            getattr(state, key)
        with pytest.raises(kind) as by_removal:
            del state[key]
        for caught in (by_key, by_attribute, by_removal):
            assert isinstance(caught.value, MissingKeyError)
            texts.add(f"{caught.value}")
    (text,) = texts
    return text


def why(lifespan: Lifespan[object]) -> str:
    """Return why the lifespan has no value."""
    with pytest.raises(UnavailableError) as caught:
        lifespan.get()
    return f"{caught.value}"


async def test_crashed(registry: Registry, log: list[str]) -> None:
    """The state of the run, and that of a request, say of what it crashed."""
    crash = asyncio.Event()
    tracked(registry, log, "db")

    @registry.on_lifespan
    async def worker() -> AsyncIterator[str]:
        async def child() -> None:
            await crash.wait()
            raise ConnectionError("lost the broker")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child())
            yield "worker"

    async with registry.run() as run:
        crash.set()
        await until(lambda: run.report["worker"].error is not None)
        request = State(run.copy_state())
        reason = why(worker)

        assert ", of ConnectionError: lost the broker (in an Exc" in reason
        for state in (run.state, request):
            assert missing(state, "worker") == f"the state has no 'worker': {reason}"
            assert missing(state, "wrker") == (
                "the state has no 'wrker'.\nPublished are: db."
            )
            assert "worker" not in state
            assert getattr(state, "worker", None) is None
            assert dict(state) == {"db": "db"}


async def test_stopped(registry: Registry, log: list[str]) -> None:
    """The state of a run that is over says that it is."""
    db = tracked(registry, log, "db")
    said: list[str] = []

    @registry.on_lifespan(before=db)
    async def earlier() -> AsyncIterator[None]:
        yield
        said.extend((missing(run.state, "db"), why(db)))

    async with registry.run() as run:
        assert run.state == {"db": "db"}
    said += (missing(run.state, "db"), why(db))

    during, after = said[1], said[3]
    assert said == [
        f"the state has no 'db': {during}",
        during,
        f"the state has no 'db': {after}",
        after,
    ]
    assert "it is being stopped.\n" in during
    assert "it has been stopped.\n" in after


async def test_not_published(registry: Registry, log: list[str]) -> None:
    """A value that is within reach, and only not in the state, is not lost."""
    hidden = tracked(registry, log, "hidden", state_key=None)
    async with registry.run() as run:
        assert hidden.get() == "hidden"
        assert missing(run.state, "hidden") == (
            "the state has no 'hidden': it is empty. Have the lifespans been started? "
            "Is the application wrapped in LifespanApplication?"
        )
