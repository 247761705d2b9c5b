"""The tables of the reference say what the code has: settings, reports, names."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
from importlib import import_module
from typing import Any, get_args

import pytest
from django.core.management import BaseCommand

import lifespan_registry
from lifespan_registry import LifespanReport, Registry, Report, Status, conf
from lifespan_registry._core import telling
from lifespan_registry.management import shapes
from lifespan_registry.management.commands.lifespans import Command
from lifespan_registry.pictures import json as json_picture
from lifespan_registry.pictures.graph import of_plan
from tests.docs.pages import DOCS, names, rows
from tests.docs.test_errors_page import ids

REFERENCE = DOCS / "reference"
SETTINGS = REFERENCE / "settings.md"
LIFESPANS = REFERENCE / "lifespans.md"
COMMAND = REFERENCE / "command.md"
MODULE = REFERENCE / "modules" / "lifespan_registry.md"

DEFAULTS = conf.Settings()
OPTIONS = {
    name: one
    for name, one in inspect.signature(Registry.on_lifespan).parameters.items()
    if one.kind is one.KEYWORD_ONLY
}


def test_settings() -> None:
    """Each setting has its row, with the types that it takes and its default."""
    table = [
        (key, kind, default) for key, kind, default, *_ in rows(SETTINGS, "## Settings")
    ]

    assert [(names(key), ast.literal_eval(names(one)[0])) for key, _, one in table] == [
        ([name], getattr(DEFAULTS, name)) for name in DEFAULTS._fields
    ]
    assert [" ".join(names(kind)) for _, kind, _ in table] == [
        _text(conf.Settings.__annotations__[name])
        .replace("float", "int float")
        .replace(" |", "")
        for name in DEFAULTS._fields
    ]


def test_units_of_settings() -> None:
    """Those that are times say so, and no others."""
    units = {
        names(key)[0]: unit for key, _, _, unit, _ in rows(SETTINGS, "## Settings")
    }
    assert units == {
        name: "seconds" if name.endswith("_TIMEOUT") else ""
        for name in DEFAULTS._fields
    }


def test_checks() -> None:
    """Each check has its row, in their order, with a link to its section."""
    found = [
        re.findall(r"\[(.*)\]\(errors\.md#(.*)\)", row[0])
        for row in rows(SETTINGS, "## Checks")
    ]
    assert found == [[(one, one.replace(".", "").lower())] for one in ids()]


def test_options() -> None:
    """Each option of the decorator has its row, with its default."""
    table = rows(LIFESPANS, "## Options")

    assert [name for row in table for name in names(row[0])] == [*OPTIONS]
    said = {names(row[0])[0]: names(row[2]) for row in table}
    assert {name: one for name, one in said.items() if one} == {
        "enabled": [repr(OPTIONS["enabled"].default)]
    }
    # The others have none of their own.
    assert {
        one.default
        for name, one in OPTIONS.items()
        if name not in ("enabled", "state_key")
    } == {None, ()}


def test_report() -> None:
    """Each attribute of a report has its place in the table."""
    table = rows(LIFESPANS, "## The report")
    attributes = inspect.signature(Report).parameters

    assert [name for row in table for name in names(row[0])] == [*attributes][1:]
    hints = {name: one.annotation for name, one in attributes.items()}
    for told, kind, _ in table:
        assert {*names(kind)} <= _kinds(hints, names(told))


def test_report_of_a_lifespan() -> None:
    """Each field of a `LifespanReport` has its place in the table, and each status."""
    table = rows(LIFESPANS, "Each `LifespanReport` has:")

    assert [name for row in table for name in names(row[0])] == [
        *LifespanReport._fields
    ]
    for told, kind, _ in table:
        assert {*names(kind)} <= _kinds(LifespanReport.__annotations__, names(told))
    (statuses,) = [meaning for told, _, meaning in table if told == "`status`"]
    assert names(statuses) == [one.value for one in Status]


def _text(hint: Any) -> str:
    return str(getattr(hint, "__forward_arg__", hint))


def _kinds(hints: dict[str, Any], told: list[str]) -> set[str]:
    """Return the types of the attributes that are *told*, by name."""
    texts = (_text(hints[name]) for name in told)
    return {one.rpartition("dt.")[2] for text in texts for one in text.split(" | ")}


def test_signature_of_the_decorator() -> None:
    """What is written by hand has the names, types and defaults of the code."""
    text = MODULE.read_text(encoding="utf-8")
    (written,) = re.findall(
        r"^\.\. decorator:: on_lifespan\((.*)\)$", text, re.MULTILINE
    )
    (made,) = ast.parse(f"def on_lifespan({written}): ...").body
    assert isinstance(made, ast.FunctionDef)
    given = made.args
    assert (given.args, given.posonlyargs, given.vararg) == ([], [], None)

    assert {
        one.arg: ast.unparse(one.annotation or one).replace("collections.abc.", "")
        for one in given.kwonlyargs
    } == {
        name: one.annotation.replace("Callable[[], bool]", "Callable")
        for name, one in OPTIONS.items()
    }
    defaults = [ast.literal_eval(one) for one in given.kw_defaults if one]
    assert [one for one in defaults if one is not ...] == [
        one.default for name, one in OPTIONS.items() if name != "state_key"
    ]


def test_options_of_an_included_application() -> None:
    """The page names those keywords of the decorator that `include_app` takes."""
    text = MODULE.read_text(encoding="utf-8")
    told = text.partition(".. py:type:: Options\n")[2].partition("\n.. py:type::")[0]
    module = ast.parse(inspect.getsource(import_module("lifespan_registry.mounting")))
    (options,) = [
        one
        for one in ast.walk(module)
        if isinstance(one, ast.ClassDef) and one.name == "Options"
    ]
    fields = [one.target for one in options.body if isinstance(one, ast.AnnAssign)]

    assert re.findall(r"``(\w+)``", told) == [ast.unparse(one) for one in fields]


def test_events() -> None:
    """Both pages name the events of which observers are told."""
    told = MODULE.read_text(encoding="utf-8").partition(".. py:type:: Observer\n")[2]
    events = [*get_args(telling.Event)]

    assert re.findall(r'``"(\w+)"``', told) == events
    sentence = LIFESPANS.read_text(encoding="utf-8").partition("`registry.observe(")[2]
    assert re.findall(r'`"(\w+)"`', sentence) == events


@pytest.mark.parametrize(
    "row",
    rows(REFERENCE / "index.md", "## The modules"),
    ids=lambda row: names(row[0])[0],
)
def test_modules(row: list[str]) -> None:
    """What the table says of modules is in them."""
    first, *others = names(row[0])
    parent = first if first.count(".") == 0 else first.rpartition(".")[0]
    modules = [
        pytest.importorskip(one, exc_type=ImportError)
        for one in (first, *(f"{parent}{other}" for other in others))
    ]
    addresses = {
        address.name for one in modules for address in getattr(one, "urlpatterns", ())
    }

    assert [
        name
        for name in names(row[1])
        if name not in addresses and not any(hasattr(one, name) for one in modules)
    ] == []
    if first == "lifespan_registry":
        assert sorted(names(row[1])) == sorted(lifespan_registry.__all__)


def test_formats() -> None:
    """The command draws what the page says, and nothing else."""
    (said,) = [
        row[1]
        for row in rows(COMMAND, "# The `lifespans` command")
        if "--format" in row[0]
    ]
    table = rows(COMMAND, "## Pictures of the graph")

    assert names(said) == [*shapes.FORMATS]
    assert sorted(names(row[0])[0] for row in table) == sorted(shapes.FORMATS)


def test_arguments() -> None:
    """The pages name the options of the command and of its ``run``, and no others."""
    parser = Command().create_parser("manage.py", "lifespans")
    (actions,) = [one for one in parser._actions if one.dest == "action"]
    run = actions.choices["run"] if isinstance(actions.choices, dict) else None
    assert run

    assert _options(rows(COMMAND, "# The `lifespans` command")) == _taken(
        parser
    ) - _taken(BaseCommand().create_parser("manage.py", "other"))
    guide = rows(DOCS / "how-to/commands.md", "## A smoke test for a deployment")
    assert _options(guide) == _taken(run) - {"-h", "--help"}


def _options(table: list[list[str]]) -> set[str]:
    return {name.partition(" ")[0] for row in table for name in names(row[0])}


def _taken(parser: argparse.ArgumentParser) -> set[str]:
    return {option for one in parser._actions for option in one.option_strings}


def test_json() -> None:
    """The table has the keys of ``--format json``, in their order."""
    registry = Registry()

    @registry.on_lifespan
    async def first():  # noqa: ANN202 - as a page has it
        yield

    @registry.on_lifespan(requires=first)
    async def second():  # noqa: ANN202
        yield

    graph = of_plan(registry.plan(), registry.limits, [], [])
    found = json.loads(json_picture.draw(graph))["lifespans"][1]
    table = rows(COMMAND, "JSON has one list, `lifespans`, with an object for each:")

    assert [key for row in table for key in names(row[0])] == [*found]
    (told,) = [row[1] for row in table if row[0] == "`waits_for`"]
    assert names(told) == [*found["waits_for"][0]]
