"""What ``manage.py check`` says of the settings and of the plan."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

from lifespan_registry import Registry
from lifespan_registry.exceptions import PlanError
from tests.tracked import boom, tracked

pytestmark = pytest.mark.usefixtures("default")

Found = tuple[int, str, str, str | None]

ERROR = 40


def found(messages: list[CheckMessage]) -> list[Found]:
    """Return all that a check says: level, id, message, hint."""
    return [(one.level, one.id, one.msg, one.hint) for one in messages]


def check() -> list[Found]:
    """Run the checks of this package."""
    return found(run_checks(tags=["lifespans"]))


def error(number: str, text: str, hint: str) -> Found:
    """Return what an error of this package looks like."""
    return (ERROR, f"lifespan_registry.{number}", text, hint)


def in_one(message: Found) -> str:
    """Put message and hint together again, as the error of the plan has them."""
    return f"{message[2]}\n{message[3]}"


def plan_errors(registry: Registry) -> list[Exception]:
    """Return what stands against the plan."""
    with pytest.raises(PlanError) as refused:
        registry.plan()
    return list(refused.value.exceptions)


def place(registry: Registry, name: str) -> str:
    """Return where the first lifespan of that *name* is defined, as messages do."""
    return next(
        str(one.definition.origin) for one in registry if one.definition.name == name
    )


def test_nothing_is_wrong() -> None:
    """An empty registry with default settings passes without a word."""
    assert check() == []


def test_e001_not_a_dict() -> None:
    """E001: the setting is no dict."""
    with override_settings(LIFESPAN_REGISTRY=["MODULE"]):
        assert check() == [
            error(
                "E001",
                "LIFESPAN_REGISTRY is ['MODULE'].",
                'It takes a dict, as in LIFESPAN_REGISTRY = {"STARTUP_TIMEOUT": 30}.',
            )
        ]


def test_e002_and_e003() -> None:
    """E002 is an unknown key, E003 a bad value; each is said on its own."""
    given: dict[str, Any] = {"MODUL": "x", "STARTUP_TIMEOUT": "soon", "MODULE": None}
    with override_settings(LIFESPAN_REGISTRY=given):
        assert check() == [
            error(
                "E002",
                "LIFESPAN_REGISTRY has an unknown key 'MODUL'.",
                "Did you mean 'MODULE'?",
            ),
            error(
                "E003",
                "LIFESPAN_REGISTRY['STARTUP_TIMEOUT'] is 'soon'.",
                "It takes seconds above 0; float('inf') never gives up.",
            ),
        ]


def test_e004_cycle(default: Registry, log: list[str]) -> None:
    """E004: the circle is drawn in the message, and the way out is the hint."""
    tracked(default, log, "a", after="c")
    tracked(default, log, "b", requires="a")
    tracked(default, log, "c", requires="b")

    (message,) = check()
    (cycle,) = plan_errors(default)
    drawing = message[2].partition("\n\n")[2].splitlines()
    assert message == error(
        "E004",
        str(cycle).rpartition("\n\n")[0],
        "Remove one of these dependencies.",
    )
    assert [line.partition("   tests")[0].strip() for line in drawing] == [
        "╭─> 'a' has after='c'",
        "│   'c' requires 'b'",
        "╰── 'b' requires 'a'",
    ]


def test_e005_unknown(default: Registry, log: list[str]) -> None:
    """E005: a lifespan that nobody has registered, with the near miss."""
    tracked(default, log, "database")
    tracked(default, log, "search", requires="databse")

    assert check() == [
        error(
            "E005",
            f"{place(default, 'search')} requires 'databse', but no lifespan is "
            "registered under the name 'databse'.\n"
            f"Did you mean {place(default, 'database')}?",
            "Is the module that defines it imported? Of each app in INSTALLED_APPS, "
            "the module 'lifespans' is, by django.setup().",
        )
    ]


def test_e006_duplicate_name(default: Registry) -> None:
    """E006: two functions under one name, both with file and line."""

    one = default.on_lifespan(name="db")(nullcontext)
    two = default.on_lifespan(name="db")(nullcontext)

    assert check() == [
        error(
            "E006",
            "the name 'db' is taken by more than one lifespan:\n\n"
            f"    {one.definition.origin.where}\n    {two.definition.origin.where}",
            "Rename one of them, or give it another name with @on_lifespan(name=...).",
        )
    ]


def test_e007_disabled(default: Registry, log: list[str]) -> None:
    """E007: a disabled lifespan that another one requires."""
    tracked(default, log, "db", enabled=False)
    tracked(default, log, "search", requires="db")

    assert check() == [
        error(
            "E007",
            f"{place(default, 'search')} requires 'db', but {place(default, 'db')} is "
            "disabled by its enabled=.",
            "Disable both, or let it do without: a parameter with a default is only "
            "filled where the other one runs.",
        )
    ]


def test_e008_state_key(default: Registry, log: list[str]) -> None:
    """E008: one state key with two owners."""
    tracked(default, log, "db", state_key="pool")
    tracked(default, log, "cache", state_key="pool")

    assert check() == [
        error(
            "E008",
            f"the state key 'pool' of {place(default, 'cache')} is taken already, by "
            f"{place(default, 'db')}.",
            "Give it another key with @on_lifespan(state_key=...), or publish nothing "
            "with state_key=None.",
        )
    ]


def test_e009_enabled_raises(default: Registry, log: list[str]) -> None:
    """E009: the callable behind ``enabled=`` raised, in as many lines as it likes."""
    tracked(default, log, "db", enabled=boom("no\nidea"))

    assert check() == [
        error(
            "E009",
            f"enabled= of {place(default, 'db')} raised RuntimeError: no\nidea",
            "It is called when a run starts, and by manage.py check: let it return "
            "True or False.",
        )
    ]


def test_everything_is_said_at_once(default: Registry, log: list[str]) -> None:
    """Each error of the plan is a message of its own, and says the same words."""
    tracked(default, log, "a", after="a", state_key="k")
    tracked(default, log, "b", requires="nowhere", state_key="k")
    tracked(default, log, "c", enabled=boom())

    messages = check()
    assert sorted(in_one(one) for one in messages) == sorted(
        map(str, plan_errors(default))
    )
    assert sorted(one[1][-4:] for one in messages) == ["E004", "E005", "E008", "E009"]


@override_settings(
    LIFESPAN_REGISTRY={"MODUL": 1},
    SILENCED_SYSTEM_CHECKS=["lifespan_registry.E002"],
)
def test_ids_can_be_silenced() -> None:
    """An id in ``SILENCED_SYSTEM_CHECKS`` silences that message."""
    messages = run_checks(tags=["lifespans"])
    assert [one.is_silenced() for one in messages] == [True]
