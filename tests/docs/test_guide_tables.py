"""The tables of the guides say what the code has: signals, probes, JSON, attributes."""

from __future__ import annotations

import asyncio
import re
import signal
from http import HTTPStatus
from typing import Any, NoReturn

import pytest
from django.core.management import CommandError
from django.http import HttpRequest

from lifespan_registry import LifespanReport, Status, default_registry, signals, views
from lifespan_registry import pytest_plugin as plugin
from lifespan_registry.health import Health
from lifespan_registry.management import base, stopping
from lifespan_registry.status import facts
from lifespan_registry.testing import LifespansPerClass, cases
from tests.core.waiting import until
from tests.docs.pages import DOCS, names, rows
from tests.project import ROOT

DJANGO = DOCS / "how-to" / "django.md"
COMMANDS = DOCS / "how-to" / "commands.md"
TESTING = DOCS / "how-to" / "testing.md"
HEALTH = DOCS / "reference" / "modules" / "health.md"


async def test_signals() -> None:
    """Each signal has its row, with what it is sent with, and its entry."""
    heard: dict[str, list[str]] = {}

    async def hear(signal: object, sender: object, **given: object) -> None:
        (name,) = [name for name in signals.__all__ if getattr(signals, name) is signal]
        heard[name] = [*given]

    @default_registry.on_lifespan
    async def mail():  # noqa: ANN202 - as a page has it
        async with asyncio.TaskGroup() as group:
            group.create_task(_crash())
            yield

    for name in signals.__all__:
        getattr(signals, name).connect(hear)
    try:
        async with default_registry.run() as run:
            await until(lambda: run.report["mail"].error is not None)
    finally:
        for name in signals.__all__:
            getattr(signals, name).disconnect(hear)

    table = rows(DJANGO, "## Signals")
    assert {names(name)[0]: names(told)[:1] for name, _, told in table} == heard
    entries = re.findall(
        r"^\.\. autodata:: (\w+)$", HEALTH.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(entries) == sorted(heard) == sorted(signals.__all__)


async def _crash() -> NoReturn:
    raise OSError


@pytest.mark.parametrize("view", ["ready", "live"])
async def test_readiness(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each status has its row, with what the two addresses answer."""
    answers: dict[str, int] = {}
    for status in Status:
        monkeypatch.setattr(views, "health", lambda one=status: Health(one, ()))
        request = HttpRequest()
        request.method = "GET"
        answers[status.value] = (await getattr(views, view)(request)).status_code

    table = rows(DJANGO, "## Readiness and liveness")
    assert {
        names(status)[0]: int(ready if view == "ready" else live)
        for status, _, ready, live in table
    } == answers
    assert len(table) == len(Status)
    assert {*answers.values()} == {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}


def test_json() -> None:
    """The table has the keys of the status page's JSON, on all its levels."""
    table = rows(DJANGO, "### The status page as JSON")
    said = {name: names(value) for row, value in table for name in names(row)}

    *above, lifespans = said
    assert (above, lifespans) == ([*facts.Facts.__annotations__], "lifespans")
    assert said["process"] == [*facts.ProcessFacts.__annotations__]
    assert said["runs"] == [
        *(key for key in facts.RunFacts.__annotations__ if key not in LAST),
        *LAST,
    ]
    times = {
        one
        for one in LifespanReport._fields
        if one in facts.LifespanFacts.__annotations__
    } - {*said["lifespans"]}
    assert {*said["lifespans"]} - {"LifespanReport", "file:line"} == {
        *facts.LifespanFacts.__annotations__,
        *facts.WaitFacts.__annotations__,
        *facts.ErrorFacts.__annotations__,
    } - times
    assert {one for one in times if not TIME.search(one)} == set()


LAST = ("absent", "gains", "lifespans")
TIME = re.compile(r"_(timeout|began|at|seconds)$")


def test_extras() -> None:
    """Each extra of a record has its row."""
    source = "".join(
        (ROOT / "lifespan_registry" / "_core" / f"{name}.py").read_text(
            encoding="utf-8"
        )
        for name in ("log", "failures")
    )
    keys = {*re.findall(r'"(\w+)": ', source), *re.findall(r'extra\["(\w+)"\]', source)}

    table = rows(DJANGO, "## Logging")
    assert {name for row in table for name in names(row[0])} == keys


@pytest.mark.parametrize(
    ("page", "heading", "owner", "known"),
    [
        (COMMANDS, "## Commands", base.LifespanCommand, base.NAMES),
        (
            TESTING,
            "## Test cases",
            LifespansPerClass,
            (*cases.NAMES, "client_class", "async_client_class"),
        ),
    ],
    ids=["commands", "cases"],
)
def test_attributes(
    page: Any, heading: str, owner: type, known: tuple[str, ...]
) -> None:
    """Each attribute that chooses lifespans has its row, with its default."""
    table = [(names(row[0]), names(row[-2])) for row in rows(page, heading)]
    said = {
        name: default
        for told, defaults in table
        for name, default in zip(told, defaults or [""], strict=True)
    }

    assert said == {name: _default(owner, name) for name in known}


def _default(owner: type, name: str) -> str:
    if not hasattr(owner, name):
        return ""
    value = getattr(owner, name)
    if value is default_registry:
        return "default_registry"
    return value.__name__ if isinstance(value, type) else repr(value)


def test_fixtures() -> None:
    """Each fixture of the plugin has its row."""
    fixtures = {
        name
        for name, one in vars(plugin).items()
        if type(one).__name__ == "FixtureFunctionDefinition" and name[0] != "_"
    }
    assert {names(row[0])[0] for row in rows(TESTING, "## With pytest")} == fixtures


def test_exit_codes() -> None:
    """How a command ends is told with the codes of Python, Django and this package."""
    table = rows(COMMANDS, "### How it is stopped")
    assert [re.findall(r"\b\d+\b", row[-1]) for row in table] == [
        [str(code)]
        for code in (
            0,
            CommandError().returncode,
            128 + signal.SIGINT,
            stopping.EXIT_CODE,
        )
    ]
