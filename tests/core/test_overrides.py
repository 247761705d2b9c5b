"""`Registry.override()`: something else in the place of a lifespan, for a block."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.utils.functional import SimpleLazyObject

from lifespan_registry import Lifespan, Registry
from lifespan_registry._core import overrides
from lifespan_registry.exceptions import (
    ChoiceError,
    DefinitionError,
    NotInThisRunError,
    OverriddenTooLateError,
    OverrideError,
    PlanError,
    StartupError,
)
from tests.core.waiting import place
from tests.tracked import boom, tracked


@pytest.fixture(name="db")
def _db(registry: Registry, log: list[str]) -> Lifespan[str]:
    """A lifespan with a need of its own, and one that needs it."""
    pool = tracked(registry, log, "pool")
    return tracked(registry, log, "db", requires=pool)


# --- what stands in its place --------------------------------------------------------


async def test_value(registry: Registry, log: list[str], db: Lifespan[str]) -> None:
    """A value is there from the start, for all who ask; afterwards it is as before."""

    @registry.on_lifespan
    async def search(db: str) -> AsyncIterator[str]:
        yield f"search in {db}"

    with registry.override(db="fake"):
        async with registry.run(only=[search]) as run:
            assert db.get() == run.state.db == db.get(run.state) == "fake"
            assert search.get() == "search in fake"
            assert run.report.keys() == {"db", "search"}
    assert log == []

    async with registry.run(only=[search]):
        assert search.get() == "search in db"
    assert log == ["+pool", "+db", "-db", "-pool"]


async def test_by_handle_and_by_name(registry: Registry, db: Lifespan[str]) -> None:
    """A mapping takes lifespans and names; keywords may stand beside it."""
    tracked(registry, [], "files")

    with registry.override({db: 1, "pool": 2}, files=3):
        async with registry.run() as run:
            assert dict(run.state) == {"db": 1, "pool": 2, "files": 3}


async def test_none(registry: Registry, db: Lifespan[str]) -> None:
    """None is a value as any other: it is there, and not published."""
    with registry.override(db=None):
        async with registry.run() as run:
            assert db.get() is None
            assert "db" not in run.state


class Both:
    """A client as there are many: a context manager beside what it is."""

    async def __aenter__(self) -> str:
        raise AssertionError("it was entered")  # pragma: no cover

    async def __aexit__(self, *args: object) -> None:
        """Close."""


class Anything:
    """Has whatever it is asked for, and that is itself."""

    def __getattr__(self, name: str) -> Any:
        return self


def plain() -> str:
    """Stand for a function that a lifespan yields."""
    raise AssertionError("it was called")  # pragma: no cover


VALUES = {
    "client": Both(),
    "class": Both,
    "magic mock": mock.MagicMock(),
    "async mock": mock.AsyncMock(),
    "call": mock.call,
    "anything": Anything(),
    "function": plain,
    "partial": functools.partial(plain),
    "builtin": len,
    "mapping": {"a": 1},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
async def test_what_is_a_value(registry: Registry, value: object) -> None:
    """What is not unmistakably to be entered is handed out as it is."""
    db = tracked(registry, [], "db", state_key="db")

    with registry.override(db=value):
        async with registry.run() as run:
            assert db.get() is value
            assert run.state.db is value
    assert getattr(value, "entered", False) is not True


async def fake_function() -> AsyncIterator[str]:
    """Yield, with nothing around it."""
    yield "fake"


@contextlib.asynccontextmanager
async def fake_manager() -> AsyncIterator[str]:
    """Yield from a context manager."""
    yield "fake"


def sync_function() -> Iterator[str]:
    """Yield in a thread."""
    yield f"fake in {threading.current_thread().name}"


@contextlib.contextmanager
def sync_manager(name: str) -> Iterator[str]:
    """Yield in a thread, too."""
    yield f"{name} in {threading.current_thread().name}"


class Manager(contextlib.AbstractAsyncContextManager[str]):
    """Says by its base what it is for."""

    async def __aenter__(self) -> str:
        return "fake"

    async def __aexit__(self, *args: object) -> None:
        """Close nothing."""


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (fake_function, "fake"),
        (fake_manager, "fake"),
        (fake_manager(), "fake"),
        (Manager(), "fake"),
        (contextlib.nullcontext("fake"), "fake"),
        (sync_function, "fake in lifespan db"),
        (functools.partial(sync_manager, "fake"), "fake in lifespan db"),
    ],
)
async def test_what_is_entered(registry: Registry, given: object, value: str) -> None:
    """Functions that could be a lifespan are entered, and contextlib's own kinds."""
    db = tracked(registry, [], "db")

    with registry.override(db=given):
        async with registry.run():
            assert db.get() == value


async def test_entered_and_exited(registry: Registry, log: list[str]) -> None:
    """What is to be closed afterwards is given in contextlib's aclosing()."""

    class Client:
        async def aclose(self) -> None:
            log.append("closed")

    db = tracked(registry, log, "db")
    client = Client()

    with registry.override({db: contextlib.aclosing(client)}):
        async with registry.run():
            assert db.get() is client
            assert log == []

    assert log == ["closed"]


async def test_another_lifespan(registry: Registry, log: list[str]) -> None:
    """A lifespan brings its own needs, and comes under the name of the other."""
    tracked(registry, log, "pool")
    files = tracked(registry, log, "files")
    db = tracked(registry, log, "db", requires="pool", state_key="database")
    fakes = Registry()

    @fakes.on_lifespan(requires="files", state_key="nothing")
    async def fake_db() -> AsyncIterator[str]:
        log.append("+fake")
        yield "fake"
        log.append("-fake")

    with registry.override({db: fake_db}):
        plan = registry.plan(only=[db])
        async with registry.run(only=[db]) as run:
            assert db.get() == run.state.database == "fake"
            assert files.get() == "files"

    assert [(step.name, step.origin.where) for step in plan] == [
        ("files", place(files.definition.function)),
        ("db", place(fake_db.definition.function)),
    ]
    assert log == ["+files", "+fake", "-fake", "-files"]


async def test_around_the_original(registry: Registry, db: Lifespan[str]) -> None:
    """A replacement may enter what it replaces: a spy."""

    async def spy() -> AsyncIterator[str]:
        async with db() as original:
            yield f"spy on {original}"

    with registry.override({db: spy}):
        async with registry.run():
            assert db.get() == "spy on db"


async def test_disabled_one(registry: Registry) -> None:
    """A lifespan that is disabled takes part where it is replaced."""
    db = tracked(registry, [], "db", enabled=False)

    with registry.override(db="fake"):
        async with registry.run():
            assert db.get() == "fake"


async def test_skip_counts(registry: Registry, db: Lifespan[str]) -> None:
    """Who is skipped is skipped, replaced or not."""
    with registry.override(db="fake"):
        async with registry.run(skip=[db]):
            with pytest.raises(NotInThisRunError, match="is skipped in this run"):
                db.get()


async def test_failing_replacement(registry: Registry, db: Lifespan[str]) -> None:
    """One that fails is named by the name that it stands for, and by its own place."""

    async def fails() -> AsyncIterator[str]:
        yield boom()()

    with registry.override({db: fails}), pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert f"'db' ({place(fails)}): RuntimeError: boom" in str(caught.value)


# --- how long it counts --------------------------------------------------------------


async def test_nested(registry: Registry, db: Lifespan[str]) -> None:
    """The inner one counts, then the outer one again, then none."""
    seen: list[object] = []

    async def note() -> None:
        async with registry.run(only=["db"]) as run:
            seen.append(run.state.db)

    with registry.override(db="outer", pool="outer"):
        await note()
        with registry.override(db="inner"):
            await note()
        await note()
    await note()

    assert seen == ["outer", "inner", "outer", "db"]


async def test_restored_after_an_error(registry: Registry, db: Lifespan[str]) -> None:
    """An error of the block goes on, and the override ends."""
    with pytest.raises(LookupError, match="mine"), registry.override(db="fake"):
        raise LookupError("mine")

    async with registry.run():
        assert db.get() == "db"


async def test_run_that_outlasts_it(registry: Registry, db: Lifespan[str]) -> None:
    """A run keeps what it has started with."""
    with registry.override(db="fake"):
        run = registry.run()
        await run.__aenter__()

    assert db.get() == "fake"
    await run.__aexit__(None, None, None)


async def test_two_tests_on_one_loop(registry: Registry, db: Lifespan[str]) -> None:
    """Tasks that run at the same time have overrides of their own."""
    barrier = asyncio.Barrier(3)

    async def one(fake: str | None) -> str:
        with contextlib.ExitStack() as stack:
            if fake is not None:
                stack.enter_context(registry.override(db=fake))
            await barrier.wait()
            async with registry.run():
                await barrier.wait()
                return db.get()

    seen = await asyncio.gather(one("a"), one(None), one("b"))
    assert seen == ["a", "db", "b"]


def test_two_tests_in_threads(registry: Registry, db: Lifespan[str]) -> None:
    """So have threads, whose runs are in loops of their own."""
    barrier = threading.Barrier(3)
    seen: dict[str, str] = {}

    def one(name: str, *, replaces: bool) -> None:
        with contextlib.ExitStack() as stack:
            if replaces:
                stack.enter_context(registry.override(db=name))
            barrier.wait()
            with registry.run_in_thread():
                barrier.wait()
                seen[name] = db.get()
                barrier.wait()

    threads = [
        threading.Thread(target=one, args=(name,), kwargs={"replaces": name != "none"})
        for name in ("a", "none", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"a": "a", "none": "db", "b": "b"}


def test_other_registries(registry: Registry, db: Lifespan[str]) -> None:
    """A registry knows nothing of another one's overrides."""
    other = Registry()
    theirs = tracked(other, [], "db")

    with registry.override(db="fake"), other.run_in_thread():
        assert theirs.get() == "db"


def test_left_in_another_context(registry: Registry, db: Lifespan[str]) -> None:
    """A fixture may leave it in another context than the one that it was entered in."""
    override = registry.override(db="fake")
    contextvars.Context().run(override.__enter__)
    override.__exit__(None, None, None)

    with registry.run_in_thread():
        assert db.get() == "db"


def test_left_without_having_been_entered(registry: Registry) -> None:
    """An exit stack of somebody's own may leave what it could not enter."""
    registry.override().__exit__(None, None, None)


# --- as a decorator ------------------------------------------------------------------


def test_decorated_function(registry: Registry, db: Lifespan[str]) -> None:
    """It counts during each call."""

    @registry.override(db="fake")
    def test(expected: str) -> str:
        """Look at it."""
        with registry.run_in_thread():
            assert db.get() == expected
        return expected

    assert test("fake") == test(expected="fake") == "fake"
    assert (test.__name__, test.__doc__) == ("test", "Look at it.")


async def test_decorated_coroutine_function(
    registry: Registry, db: Lifespan[str]
) -> None:
    """It counts until the coroutine is over; calls may overlap."""
    barrier = asyncio.Barrier(2)

    @registry.override(db="fake")
    async def test() -> str:
        await barrier.wait()
        async with registry.run():
            return db.get()

    assert await asyncio.gather(test(), test()) == ["fake", "fake"]


def test_what_it_cannot_decorate(registry: Registry, db: Lifespan[str]) -> None:
    """What does not run while it is called is refused."""
    for function in (Both, fake_function, sync_function):
        with pytest.raises(OverrideError, match=r"in it") as caught:
            registry.override(db="fake")(function)
        assert str(caught.value).startswith(
            f"override() of 'db' cannot decorate {function.__name__}, whose code"
        )


# --- slips ---------------------------------------------------------------------------


def test_unknown_names(registry: Registry, db: Lifespan[str]) -> None:
    """Names that nobody has registered are errors, all at once, with near misses."""
    override = registry.override(dbb=1, poool=2)
    with pytest.raises(PlanError) as caught:
        override.__enter__()

    assert [error.missing for error in caught.value.exceptions] == ["dbb", "poool"]  # type: ignore[attr-defined]
    assert (
        "override() names it, but no lifespan is registered under the name 'dbb'.\n"
        f"Did you mean 'db' ({Path(__file__).parent.parent.name}/tracked.py:"
    ) in str(caught.value)


def test_bad_function(registry: Registry, db: Lifespan[str]) -> None:
    """A function that can be no lifespan is refused as by the decorator."""

    async def fake(*args: object) -> AsyncIterator[str]:
        yield ""  # pragma: no cover

    with pytest.raises(DefinitionError, match="which no lifespan can fill"):
        registry.override({db: fake}).__enter__()


def test_entered_twice(registry: Registry, db: Lifespan[str]) -> None:
    """One override is one block; it can be entered again afterwards."""
    override = registry.override(db="fake")
    with (
        override,
        pytest.raises(OverrideError, match="'db' is entered already"),
        override,
    ):
        pass  # pragma: no cover

    with override, registry.run_in_thread():
        assert db.get() == "fake"
    assert repr(override) == "<Override: db>"
    assert repr(registry.override()) == "<Override: of nothing>"


def test_managers_in_several_runs(registry: Registry, db: Lifespan[str]) -> None:
    """What contextlib makes of a call is made anew for each run."""
    with registry.override({db: fake_manager(), "pool": sync_manager("fake")}):
        for _ in range(2):
            with registry.run_in_thread() as run:
                assert db.get() == "fake"
                assert run.state.pool == "fake in lifespan pool"


async def test_too_late(registry: Registry, db: Lifespan[str]) -> None:
    """A run that was up before does not hand out what is replaced, and says why."""
    pool = tracked(registry, [], "other")
    async with registry.run() as outer:
        with registry.override({db: "fake"}):
            for source in (None, outer.state):
                with pytest.raises(OverriddenTooLateError, match="in its block"):
                    db.get(source)
            assert pool.get() == "other"
            async with registry.run() as inner:
                assert db.get() == inner.state.db == "fake"
        assert db.get() == "db"


async def test_too_late_for_a_need(registry: Registry, db: Lifespan[str]) -> None:
    """Nor does it hand out what has been made with that one, however far away."""

    @registry.on_lifespan
    async def search(db: str) -> AsyncIterator[str]:
        yield f"search in {db}"

    site = tracked(registry, [], "site", requires=search)
    beside = tracked(registry, [], "beside", after=db)
    with registry.override(pool="known from the start"):
        async with registry.run():
            assert site.get() == "site"
            with registry.override({db: "fake"}):
                for one in (search, site):
                    with pytest.raises(OverriddenTooLateError) as caught:
                        one.get()
                    assert caught.value.detail == "db"
                assert beside.get() == "beside"


# --- what outlives the block ---------------------------------------------------------


async def test_task_that_outlives_it(registry: Registry, db: Lifespan[str]) -> None:
    """Whoever has a copy of the context has nothing of what has been left."""
    left = asyncio.Event()

    async def later() -> str:
        await left.wait()
        async with registry.run():
            return db.get()

    with registry.override(db="fake"):
        task = asyncio.create_task(later())
    left.set()
    assert await task == "db"


def test_also_what_counts_elsewhere(registry: Registry, db: Lifespan[str]) -> None:
    """It is added to what counts here; who was entered later has the last word."""
    elsewhere = contextvars.Context()
    first, second, third = (registry.override(db=n) for n in ("1", "2", "3"))
    first.__enter__()
    elsewhere.run(second.__enter__)
    layers = elsewhere.run(overrides.current)

    with overrides.also(layers), registry.run_in_thread():
        assert db.get() == "2"
    with third, overrides.also(layers), registry.run_in_thread():
        assert db.get() == "3"
    second.__exit__(None, None, None)
    with overrides.also(layers), registry.run_in_thread():
        assert db.get() == "1"
    first.__exit__(None, None, None)


# --- more slips ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        ([("db", 1)], "a mapping from lifespans, or their names, to what stands in"),
        ({5: 1}, "lifespans of this registry, or names"),
    ],
)
def test_no_mapping(registry: Registry, given: Any, takes: str) -> None:
    """What cannot be read is refused at once."""
    with pytest.raises(ChoiceError) as caught:
        registry.override(given)
    assert str(caught.value).startswith(f"override() takes {takes}")


def test_lifespan_of_another_registry(registry: Registry, db: Lifespan[str]) -> None:
    """A lifespan of another registry replaces nothing, even under the same name."""
    theirs = tracked(Registry(), [], "db")
    with pytest.raises(ChoiceError, match="lifespans of this registry"):
        registry.override({theirs: 1})


async def test_object_that_does_not_like_to_be_asked(registry: Registry) -> None:
    """Lazy objects of Django's are not evaluated."""

    def fail() -> object:
        raise AssertionError("it was evaluated")  # pragma: no cover

    value = SimpleLazyObject(fail)
    tracked(registry, [], "db", state_key=None)
    with registry.override(db=value):
        async with registry.run() as run:
            assert run.report["db"].status.value == "started"


def test_replacement_of_a_duplicate(registry: Registry, db: Lifespan[str]) -> None:
    """Two with one name are told apart by their places, replaced or not."""

    @registry.on_lifespan(name="db")
    async def other() -> AsyncIterator[str]:
        yield ""  # pragma: no cover

    with registry.override(db="fake"), pytest.raises(PlanError) as caught:
        registry.plan()
    assert place(db.definition.function) in str(caught.value)
    assert place(other.definition.function) in str(caught.value)
