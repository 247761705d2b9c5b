"""`PlanError`, `StartupError` and `ShutdownError` are groups for ``except*``."""

from __future__ import annotations

import traceback

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import (
    CycleError,
    LifespanError,
    NeverYieldedError,
    Origin,
    PlanError,
    ShutdownError,
    StartupError,
    UnknownLifespanError,
)
from tests.tracked import boom, tracked

DB = Origin("db", "shop/lifespans.py", 10)
CACHE = Origin("cache", "shop/lifespans.py", 20)
MAIL = Origin("mail", "shop/lifespans.py", 30)


@pytest.mark.parametrize("kind", [StartupError, ShutdownError])
def test_split(kind: type[StartupError | ShutdownError]) -> None:
    """The parts of a group keep their type, and know whose errors they have."""
    value, key, never = ValueError("v"), KeyError("k"), NeverYieldedError(MAIL)
    group = kind([(DB, value), (CACHE, key), (MAIL, never)])

    matched, rest = group.split(ValueError)
    assert isinstance(matched, kind)
    assert isinstance(rest, kind)
    assert matched.failures == ((DB, value),)
    assert rest.failures == ((CACHE, key), (MAIL, never))
    own = group.subgroup(LifespanError)
    assert isinstance(own, LifespanError)
    assert group.subgroup(OSError) is None
    assert group.derive([never]).failures == ((MAIL, never),)
    assert str(rest).startswith("2 lifespans failed to st")


def test_split_keeps_what_hangs_on_the_group() -> None:
    """Traceback, cause and notes go to the parts, as Python has it."""
    group = ShutdownError([(DB, ValueError()), (CACHE, KeyError())])
    group.add_note("a note")
    group.__cause__ = OSError()
    matched, rest = group.split(ValueError)
    for part in (matched, rest):
        assert part is not None
        assert part.__notes__ == ["a note"]
        assert part.__cause__ is group.__cause__


def test_split_keeps_the_errors_of_the_cleanup() -> None:
    """What failed while the start was undone is in both parts."""
    group = StartupError([(DB, ValueError()), (CACHE, KeyError())])
    group.cleanup = ((MAIL, OSError("not sent")),)
    for part in group.split(ValueError):
        assert isinstance(part, StartupError)
        assert part.cleanup == group.cleanup
        assert str(part).endswith(f"{MAIL}: OSError: not sent")


def test_split_inside_of_a_nested_group() -> None:
    """Where a lifespan has raised a group, its parts can be split as well."""
    value, key = ValueError("v"), KeyError("k")
    group = StartupError([(DB, ExceptionGroup("two", [value, key]))])
    matched, rest = group.split(ValueError)
    assert isinstance(matched, ExceptionGroup)
    assert isinstance(rest, ExceptionGroup)
    assert [one.exceptions for one in matched.exceptions] == [(value,)]
    assert [one.exceptions for one in rest.exceptions] == [(key,)]


def test_split_of_a_plan_error() -> None:
    """The parts of a `PlanError` are ones themselves."""
    cycle = CycleError([(DB, "takes 'db'")])
    unknown = UnknownLifespanError("x", "requires 'x'", DB, [])
    matched, rest = PlanError([cycle, unknown]).split(CycleError)
    assert isinstance(matched, PlanError)
    assert isinstance(rest, PlanError)
    assert (matched.exceptions, rest.exceptions) == ((cycle,), (unknown,))
    assert str(rest) == f"the lifespans cannot be started:\n\n{unknown}"


async def test_except_star(registry: Registry, log: list[str]) -> None:
    """Each error of a failed stop can be caught by its own ``except*``."""
    a = tracked(registry, log, "a", leave=boom("bad value", ValueError))
    b = tracked(registry, log, "b", leave=boom("bad key", KeyError))
    try:
        async with registry.run():
            log.append("up")
    except* ValueError as group:
        assert isinstance(group, ShutdownError)
        log.append(str(group))
    except* KeyError as group:
        log.append(str(group))
    assert log == [
        "+a",
        "+b",
        "up",
        f"1 lifespan failed to stop:\n    {a.definition.origin}: ValueError: bad value",
        f"1 lifespan failed to stop:\n    {b.definition.origin}: KeyError: 'bad key'",
    ]


async def test_except_star_of_a_plan(registry: Registry, log: list[str]) -> None:
    """Each error of a plan can be caught by its own ``except*``."""
    tracked(registry, log, "a", requires=["a", "nobody"])
    caught: list[Exception] = []
    try:
        await registry.run().__aenter__()
    except* CycleError as group:
        caught += group.exceptions
    except* UnknownLifespanError as group:
        caught += group.exceptions
    assert [type(error) for error in caught] == [CycleError, UnknownLifespanError]


async def test_traceback_is_printed(registry: Registry, log: list[str]) -> None:
    """Printed, a group shows its own text and the user's line that failed."""
    one = tracked(registry, log, "one", enter=boom("no network"))
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    printed = "".join(traceback.format_exception(caught.value))
    assert str(caught.value).splitlines()[0] in printed
    assert str(one.definition.origin) in printed
    assert "raise kind(text)" in printed
