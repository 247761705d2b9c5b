"""When there is no value, `Lifespan.get()` says which of the reasons it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry.exceptions import (
    NotInThisRunError,
    NotStartedError,
    PlanError,
    StartFailedError,
    StartingError,
    StartupError,
    StoppedError,
    UnavailableError,
)
from tests.tracked import boom, tracked


def why(lifespan: Lifespan[Any]) -> tuple[type[UnavailableError], str]:
    """Return the reason why there is no value."""
    with pytest.raises(UnavailableError) as caught:
        lifespan.get()
    assert isinstance(caught.value, LookupError)
    assert caught.value.name == lifespan.name
    return type(caught.value), str(caught.value)


STARTING = (
    "\nA lifespan that uses another one takes it as a parameter, or names it with "
    "requires=; then it starts after it."
)
IN_TESTS = (
    "In a test they are started by a mixin of lifespan_registry.testing (does setUp() "
    "call that of super()?), with pytest by the fixture lifespan_run (its marker alone "
    "starts nothing)."
)
STOPPED = {
    "is being stopped": (
        "\nCode that runs during the stop takes it as a parameter of a lifespan of its "
        "own, which is then stopped before it."
    ),
    "has been stopped": (
        "\nThis code runs after the stop of the server, or outside the block that has "
        f"started it: async with default_registry.run(): ...\n{IN_TESTS}"
    ),
}
LATE = (
    "was registered only after this run had begun. (Is 'lifespan_registry' in "
    "INSTALLED_APPS, and the file of the lifespan called lifespans.py? Then it is "
    "imported in time)"
)
FAILED = "\nThe log of the startup has the whole traceback."


def test_not_started(registry: Registry, log: list[str]) -> None:
    """Before anything has run, the error says what may be missing."""
    reason, text = why(tracked(registry, log, "db"))
    assert reason is NotStartedError
    assert text == (
        "lifespan 'db' has no value: no lifespans have been started in this process.\n"
        "Under a server: is the application wrapped, by LifespanApplication in asgi.py "
        "or by LifespanWSGIApplication in wsgi.py? For manage.py runserver, is "
        '"lifespan_registry.runserver" in INSTALLED_APPS? Where the server does not '
        "send the lifespan protocol, the first request starts them.\n"
        f"{IN_TESTS}\n"
        "In a script or a shell, start them yourself: async with "
        "default_registry.run(): ..., in sync code with "
        "default_registry.run_in_thread(): ... A management command inherits from "
        "LifespanCommand.\n"
        "While a module is imported there is never a value: call .get() in the "
        "function that uses it."
    )


async def test_while_starting(registry: Registry, log: list[str]) -> None:
    """During the start, the error says how far the other one has come."""
    reasons: list[Any] = []

    @registry.on_lifespan
    async def one() -> AsyncIterator[None]:
        reasons.extend(map(why, (one, two, three)))
        yield

    two = tracked(registry, log, "two", requires="one")
    three = tracked(registry, log, "three", requires=["two", "one"])
    async with registry.run():
        assert (two.get(), three.get()) == ("two", "three")
    assert reasons == [
        (
            StartingError,
            f"lifespan 'one' has no value yet: it is starting right now.{STARTING}",
        ),
        (
            StartingError,
            f"lifespan 'two' has no value yet: it waits for 'one'.{STARTING}",
        ),
        (
            StartingError,
            f"lifespan 'three' has no value yet: it waits for 'two', 'one'.{STARTING}",
        ),
    ]


async def test_before_its_turn(registry: Registry, log: list[str]) -> None:
    """One that waits for nothing, and has not begun either, waits for its turn."""
    reasons: list[Any] = []

    @registry.on_lifespan
    async def one() -> AsyncIterator[None]:
        reasons.append(why(two)[0])
        yield

    two = tracked(registry, log, "two")
    async with registry.run():
        assert reasons == [StartingError]


async def test_after_a_failed_start(registry: Registry, log: list[str]) -> None:
    """After a failed start, the error says of what it failed: also on the way down."""
    reasons: list[Any] = []
    fine = tracked(registry, log, "fine", leave=lambda: reasons.append(why(fine)))
    bad = tracked(registry, log, "bad", requires="fine", enter=boom("no network"))
    with pytest.raises(StartupError):
        await registry.run().__aenter__()

    reasons += map(why, (fine, bad))
    detail = f"{bad.definition.origin}: RuntimeError: no network"
    assert reasons == [
        (
            StartFailedError,
            f"lifespan {name!r} has no value: the start failed. {detail}{FAILED}",
        )
        for name in ("fine", "fine", "bad")
    ]


async def test_after_a_failed_plan(registry: Registry, log: list[str]) -> None:
    """After a plan that failed, the error says what is wrong with it."""
    one = tracked(registry, log, "one", requires="nobody")
    with pytest.raises(PlanError) as caught:
        await registry.run().__aenter__()
    reason, text = why(one)
    assert reason is StartFailedError
    assert text == (
        f"lifespan 'one' has no value: the start failed. {caught.value}{FAILED}"
    )


async def test_after_a_failed_plan_with_a_state(
    registry: Registry, log: list[str]
) -> None:
    """A state that was to be filled says so, too, and is left as it was."""
    one = tracked(registry, log, "one", requires="nobody")
    state: dict[str, Any] = {}
    run = registry.run()
    run.share(state)
    with pytest.raises(PlanError):
        await run.__aenter__()
    assert state == {}
    with pytest.raises(StartFailedError):
        one.get({"type": "http", "state": state})


async def test_a_run_after_a_failed_one(registry: Registry, log: list[str]) -> None:
    """A failed start is forgotten when the next one has succeeded."""
    hooks = iter([boom(), log.clear])

    def enter() -> None:
        next(hooks)()

    one = tracked(registry, log, "one", enter=enter)
    with pytest.raises(StartupError):
        await registry.run().__aenter__()
    async with registry.run():
        assert one.get() == "one"
    assert why(one)[0] is StoppedError


async def test_out_of_reach_before_its_cleanup(
    registry: Registry, log: list[str]
) -> None:
    """A value is out of reach when its own cleanup begins, and stays so."""
    reasons: list[Any] = []

    @registry.on_lifespan
    async def db() -> AsyncIterator[str]:
        yield "db"
        reasons.append(why(db))

    @registry.on_lifespan
    def files() -> Iterator[str]:
        yield "files"
        reasons.append(why(files))

    user = tracked(
        registry,
        log,
        "user",
        requires=[db, files],
        leave=lambda: log.extend([db.get(), files.get()]),
    )
    async with registry.run():
        assert [one.get() for one in (db, files, user)] == ["db", "files", "user"]
    assert log == ["+user", "db", "files", "-user"]
    reasons += map(why, (db, files))
    assert sorted(reasons, key=lambda reason: reason[1]) == [
        (
            StoppedError,
            f"lifespan {name!r} has no value any more: it {how}.{STOPPED[how]}",
        )
        for name in ("db", "files")
        for how in ("has been stopped", "is being stopped")
    ]


async def test_not_in_this_run(registry: Registry, log: list[str]) -> None:
    """One that takes no part in the run says why it does not."""
    off = tracked(registry, log, "off", enabled=False)
    one, two = (tracked(registry, log, name) for name in ("one", "two"))
    async with registry.run(skip=one):
        late = tracked(registry, log, "late")
        reasons = [why(off), why(one), why(late)]
    async with registry.run(only=one):
        reasons.append(why(two))
    assert reasons == [
        (NotInThisRunError, f"lifespan {name!r} has no value: it {words}.")
        for name, words in (
            ("off", "is disabled by its enabled="),
            ("one", "is skipped in this run"),
            ("late", LATE),
            ("two", "is left out by only= of this run"),
        )
    ]
