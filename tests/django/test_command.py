"""``manage.py lifespans``: what would start, in which order, and why."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from lifespan_registry import Registry
from lifespan_registry.exceptions import PlanError
from tests.django.lifespans import SHOP, printed, refusal
from tests.project import ROOT, shop
from tests.tracked import tracked

LISTED = """\
      name         needs            needed by              time limits  defined at
   1  db           -                (http_client), search  20 s, 10 s   shop/lifespans.py:14
   2  http_client  (db)             search                 20 s, 10 s   shop/lifespans.py:9
   3  search       db, http_client  -                      20 s, 10 s   shop/lifespans.py:4
left out: 'metrics' (shop/lifespans.py:19) is disabled by its enabled=
"""  # noqa: E501 - the table is that wide

WHY = """\
search           shop/lifespans.py:4
├── db           shop/lifespans.py:14  'search' takes 'db'
└── http_client  shop/lifespans.py:9   'search' takes 'http_client'
    └── db       shop/lifespans.py:14  'http_client' has to wait for 'db', which has before='*'
"""  # noqa: E501 - likewise


def test_whole_output(tmp_path: Path) -> None:
    """It prints the plan in order, who waits for whom, the places, and the disabled."""
    project = shop(tmp_path, {"shop/lifespans.py": SHOP})
    result = project.manage("lifespans")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout == LISTED
    assert project.manage("lifespans", "--why", "search").stdout == WHY
    page = (ROOT / "docs" / "reference" / "command.md").read_text(encoding="utf-8")
    assert LISTED in page
    assert WHY in page


def test_errors_of_the_plan(tmp_path: Path) -> None:
    """What stands against the plan is drawn, even where the checks would fail."""
    text = SHOP.replace('before="*"', 'after="search"').replace("enabled=False", "")
    project = shop(tmp_path, {"shop/lifespans.py": text})
    result = project.manage("lifespans")

    assert (result.stdout, result.returncode) == ("", 1)
    assert result.stderr == dedent("""\
        CommandError: the lifespans cannot be started:

        these 2 lifespans wait for one another, so that none can start:

            ╭─> 'search' takes 'db'       shop/lifespans.py:4
            ╰── 'db' has after='search'   shop/lifespans.py:14

        Remove one of these dependencies.
    """)


def test_error_in_this_process(default: Registry, log: list[str]) -> None:
    """``call_command`` raises a CommandError with the words of the plan's error."""
    tracked(default, log, "db", requires="nowhere")

    with pytest.raises(CommandError) as failed:
        printed()
    assert str(failed.value) == str(plan_error(default))


def plan_error(registry: Registry) -> PlanError:
    """Return what stands against the plan."""
    with pytest.raises(PlanError) as refused:
        registry.plan()
    return refused.value


@pytest.mark.usefixtures("default")
def test_nothing_is_registered() -> None:
    """Where there is none, it says where lifespans are written."""
    none = "No lifespans are registered."
    assert printed() == (
        f"{none} Write them with @on_lifespan in lifespans.py of an installed app.\n"
    )
    with override_settings(LIFESPAN_REGISTRY={"MODULE": None}):
        assert printed() == f"{none}\n"


def test_all_are_disabled(default: Registry, log: list[str]) -> None:
    """Those that are disabled are registered, and there is no table."""
    one = tracked(default, log, "db", enabled=lambda: False)
    left_out = f"left out: {one.definition.origin} is disabled by its enabled=\n"
    assert printed() == left_out


def test_colours(default: Registry, log: list[str]) -> None:
    """On a terminal head, names, and what is left out stand out."""
    tracked(default, log, "db")
    tracked(default, log, "mail", enabled=False)
    out = StringIO()
    call_command("lifespans", stdout=out, force_color=True)
    head, row, left_out = out.getvalue().splitlines()
    for line in (head, left_out):
        assert (line[:1], line[-4:]) == ("\x1b", "\x1b[0m")
    assert re.fullmatch(r"   1  \x1b\[1mdb  \x1b\[0m  [^\x1b]*", row)


def chosen(*args: str, **options: Any) -> list[str]:
    """Run the command in this process; return the names in its table, and the rest."""
    lines = printed(*args, **options).splitlines()
    return [
        line.split()[1] if line.startswith("  ") else line
        for line in lines
        if not line.startswith(("started ", "stopped ", "critical ", "to be gained"))
    ]


def test_choice(default: Registry, log: list[str]) -> None:
    """Names, ``--skip`` and ``--tag`` choose; it says why some are left out."""
    tracked(default, log, "db")
    mail = tracked(default, log, "mail", requires="db", tags={"web"})
    tracked(default, log, "metrics", tags={"worker"})
    origin = mail.definition.origin
    for_others = f"left out: {origin} has tags={{'web'}}, and this run is for tags="

    assert chosen("list") == ["needs", "db", "metrics", "mail"]
    assert chosen("list", "mail") == ["needs", "db", "mail"]
    assert chosen("list", "--skip", "mail", "--skip", "metrics") == [
        "needs",
        "db",
        f"left out: {origin} is skipped in this run",
        f"left out: {origin._replace(name='metrics')} is skipped in this run",
    ]
    assert chosen("list", "--tag", "worker") == [
        "needs",
        "db",
        "metrics",
        f"{for_others}{{'worker'}}",
    ]
    assert chosen("list", "mail", "--tag", "worker") == [f"{for_others}{{'worker'}}"]
    assert chosen("run", "mail")[:-1] == ["start", "db", "mail"]
    assert log == ["+db", "+mail", "-mail", "-db"]
    assert chosen("run", skip=["metrics"], tag="worker")[:-1] == [
        "start",
        "db",
        f"{for_others}{{'worker'}}",
        f"left out: {origin._replace(name='metrics')} is skipped in this run",
    ]


@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("json", "{"),
        ("mermaid", "flowchart LR"),
        ("dot", "digraph lifespans {"),
        ("svg", "<svg "),
    ],
)
def test_format(form: str, first: str, default: Registry, log: list[str]) -> None:
    """``--format`` draws what is listed, wherever it stands."""
    tracked(default, log, "db")
    tracked(default, log, "search", requires="db")
    tracked(default, log, "metrics", enabled=False)
    text = printed("--format", form)

    assert text.startswith(first)
    assert "metrics" in text
    assert printed("list", "--format", form) == text
    assert printed("--format", form, "list") == text
    assert printed(format=form) == text
    part = printed("list", "db", "--format", form)
    assert ("search" in part, "metrics" in part) == (False, False)


def test_unknown_format(default: Registry, log: list[str]) -> None:
    """A format that is none is refused with those that are, however it is given."""
    tracked(default, log, "db")
    takes = "--format takes json, mermaid, dot or svg; it was given"
    assert refusal("--format", "dott") == f"{takes} 'dott'. Did you mean 'dot'?"
    assert refusal("list", "--format", "dott").startswith(takes)
    assert refusal(format="xml") == f"{takes} 'xml'."


@pytest.mark.usefixtures("default")
def test_format_of_nothing() -> None:
    """What a program reads is an empty picture; the hint is for its user."""
    out, err = StringIO(), StringIO()
    call_command("lifespans", format="json", stdout=out, stderr=err)
    assert json.loads(out.getvalue()) == {"lifespans": []}
    assert err.getvalue().startswith("No lifespans are registered.")


def test_circle_is_drawn(tmp_path: Path) -> None:
    """The picture is printed, with all in it, and the command fails."""
    text = SHOP.replace('before="*"', 'after="search"').replace("enabled=False", "")
    project = shop(tmp_path, {"shop/lifespans.py": text})
    result = project.manage("lifespans", "--format", "dot")

    assert result.returncode == 1
    assert result.stdout.count("color=red") == 4
    for name in ("search", "http_client", "db", "metrics"):
        assert f'label="{name}"' in result.stdout
    assert "these 2 lifespans wait for one another" in result.stderr


def test_circle_of_some(default: Registry, log: list[str]) -> None:
    """What has been chosen is drawn, and no other error draws anything."""
    tracked(default, log, "a", requires="b")
    tracked(default, log, "b", requires="a")
    tracked(default, log, "c", tags="web")
    out = StringIO()
    for args in (["a", "--tag", "web"], ["nowhere"]):
        with pytest.raises(CommandError):
            call_command("lifespans", "list", *args, format="dot", stdout=out)
    assert re.findall(r'label="(\w+)"', out.getvalue()) == ["a", "b"]


def test_why(default: Registry, log: list[str]) -> None:
    """``--why`` shows what comes before one, and in whose words, also as a picture."""
    db = tracked(default, log, "db")
    tracked(default, log, "mail")
    tracked(default, log, "search", requires="db", after="*")
    tracked(default, log, "page", requires="search")
    where = db.definition.origin.where

    assert printed("--why", "page").splitlines() == [
        f"page          {where}",
        f"└── search    {where}  'page' requires 'search'",
        f"    ├── db    {where}  'search' requires 'db'",
        f"    └── mail  {where}  'search' has after='*'",
    ]
    assert printed("list", "--why", "page") == printed(why="page")
    assert printed("--why", "mail") == f"mail  {where}\n"
    rows = json.loads(printed("--why", "search", "--format", "json"))["lifespans"]
    assert [row["name"] for row in rows] == ["db", "mail", "search"]


def test_why_of_one_that_takes_no_part(default: Registry, log: list[str]) -> None:
    """It says why that one does not start."""
    metrics = tracked(default, log, "metrics", enabled=False).definition.origin
    mail = tracked(default, log, "mail").definition.origin
    tracked(default, log, "db")
    disabled = f"left out: {metrics} is disabled by its enabled=\n"
    assert printed("--why", "metrics") == disabled
    assert printed("list", "db", "--why", "mail") == (
        f"left out: {mail} is left out by only= of this run\n"
    )


def test_why_of_an_unknown_name(default: Registry, log: list[str]) -> None:
    """A name that does not exist is refused, with those that look like it."""
    tracked(default, log, "search")
    unknown = "no lifespan is registered under the name"
    assert refusal("--why", "serach") == f"{unknown} 'serach'. Did you mean 'search'?"
    assert refusal(why="") == f"{unknown} ''."


def test_run_draws_nothing(default: Registry, log: list[str]) -> None:
    """What shows the plan does not go with what starts it."""
    tracked(default, log, "db")
    for options in (("--why", "db"), ("--format", "dot")):
        assert refusal(*options, "run").startswith("--format and --why show ")
    assert log == []


@pytest.mark.parametrize("action", ["list", "run"])
def test_unknown_tag(action: str, default: Registry, log: list[str]) -> None:
    """A tag that no lifespan has is a slip, which would leave out nearly all."""

    def error() -> str:
        with pytest.raises(CommandError) as refused:
            printed(action, "--tag", "wrker")
        return str(refused.value)

    assert error() == "no lifespan has the tag 'wrker'."
    tracked(default, log, "mail", tags={"worker", "web"})
    assert error() == "no lifespan has the tag 'wrker'. Did you mean 'worker'?"
    assert log == []


@pytest.mark.parametrize("action", ["list", "run"])
def test_words_of_the_command_line(
    action: str, default: Registry, log: list[str]
) -> None:
    """What cannot be run is told in the words of what has been typed."""
    http = tracked(default, log, "http").definition.origin
    market = tracked(default, log, "market", requires="http").definition.origin
    tracked(default, log, "mail", requires="nowhere")

    def error(*typed: str) -> str:
        with pytest.raises(CommandError) as refused:
            printed(action, *typed)
        head, _, text = str(refused.value).partition("\n\n")
        assert head == "the lifespans cannot be started:"
        return text

    imported = (
        "Is the module that defines it imported? Of each app in INSTALLED_APPS, the "
        "module 'lifespans' is, by django.setup()."
    )
    unknown = (
        f"but no lifespan is registered under the name 'htp'.\nDid you mean {http}?"
    )
    assert error("htp") == f"the command line asks for it, {unknown}\n{imported}"
    assert error("http", "--skip", "htp") == (
        f"--skip asks for it, {unknown}\n{imported}"
    )
    assert error("http", "--skip", "http") == (
        f"the command line asks for it, but {http} is skipped in this run."
    )
    assert error("market", "--skip", "http") == (
        f"{market} requires 'http', but {http} is skipped in this run.\n"
        "Skip 'market' as well, or do not skip 'http'."
    )
    assert error("mail", "--skip", "http").endswith(
        f"\nDoes it have @on_lifespan, and is{imported[2:]}"
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("search", "--why search', 'list search' or 'run search"),
        ("serch", "--why search', 'list search' or 'run search"),
        ("lst", "list"),
        ("nothing", ""),
    ],
)
def test_neither_list_nor_run(tmp_path: Path, typed: str, meant: str) -> None:
    """A name alone, or a slip, is answered with what may have been meant."""
    project = shop(tmp_path, {"shop/lifespans.py": SHOP})
    result = project.manage("lifespans", typed)

    question = f" Did you mean '{meant}'?" if meant else ""
    assert (result.stdout, result.returncode) == ("", 2)
    assert result.stderr == (
        "manage.py lifespans takes 'list' or 'run' before names, or options alone; it "
        f"was given {typed!r}.{question}\n"
    )
