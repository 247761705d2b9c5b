"""``manage.py lifespans``: what would start, in which order; and whether it does."""

from __future__ import annotations

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
from tests.commands.shop import running
from tests.project import shop
from tests.tracked import boom, tracked

SHOP = """\
from lifespan_registry import on_lifespan


@on_lifespan
async def search(http_client, db):
    yield


@on_lifespan
async def http_client():
    yield


@on_lifespan(before="*")
async def db():
    yield


@on_lifespan(enabled=False)
async def metrics():
    yield
"""


def printed(*args: str, **options: Any) -> str:
    """Run the command in this process, and return what it prints."""
    out = StringIO()
    call_command("lifespans", *args, stdout=out, no_color=True, **options)
    return out.getvalue()


def test_whole_output(tmp_path: Path) -> None:
    """It prints the plan in order, who waits for whom, the places, and the disabled."""
    project = shop(tmp_path, {"shop/lifespans.py": SHOP})
    result = project.manage("lifespans")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [
        "      name         waits for        defined at",
        "   1  db           -                shop/lifespans.py:14",
        "   2  http_client  db               shop/lifespans.py:9",
        "   3  search       db, http_client  shop/lifespans.py:4",
        "left out: 'metrics' (shop/lifespans.py:19) is disabled by its enabled=",
    ]
    assert project.manage("lifespans", "list").stdout == result.stdout


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


def test_head_of_the_table_is_coloured(default: Registry, log: list[str]) -> None:
    """On a terminal the head stands out, the rows do not."""
    tracked(default, log, "db")
    out = StringIO()
    call_command("lifespans", stdout=out, force_color=True)
    head, row = out.getvalue().splitlines()
    assert (head[:1], head[-4:], row[:6]) == ("\x1b", "\x1b[0m", "   1  ")


def chosen(*args: str, **options: Any) -> list[str]:
    """Run the command in this process; return the names in its table, and the rest."""
    lines = printed(*args, **options).splitlines()
    return [line.split()[1] if line.startswith("  ") else line for line in lines]


def test_choice(default: Registry, log: list[str]) -> None:
    """Names, ``--skip`` and ``--tag`` choose; it says why some are left out."""
    tracked(default, log, "db")
    mail = tracked(default, log, "mail", requires="db", tags={"web"})
    tracked(default, log, "metrics", tags={"worker"})
    origin = mail.definition.origin
    for_others = f"left out: {origin} has tags={{'web'}}, and this run is for tags="

    assert chosen("list") == ["waits", "db", "metrics", "mail"]
    assert chosen("list", "mail") == ["waits", "db", "mail"]
    assert chosen("list", "--skip", "mail", "--skip", "metrics") == [
        "waits",
        "db",
        f"left out: {origin} is skipped in this run",
        f"left out: {origin._replace(name='metrics')} is skipped in this run",
    ]
    assert chosen("list", "--tag", "worker") == [
        "waits",
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
    assert error("mail", "--skip", "http").endswith(imported)


def test_run(default: Registry, log: list[str]) -> None:
    """It starts them, stops them, and says how long each of it took."""
    tracked(default, log, "db")
    search = tracked(default, log, "search", requires="db")
    lines = printed("run").splitlines()

    assert log == ["+db", "+search", "-search", "-db"]
    seconds = r"\d+\.\d{3} s"
    for line, pattern in zip(
        lines,
        (
            "      name    start    stop     status",
            rf"   1  db      {seconds}  {seconds}  stopped",
            rf"   2  search  {seconds}  {seconds}  stopped",
            rf"2 lifespans started in {seconds}, stopped in {seconds}",
        ),
        strict=True,
    ):
        assert re.fullmatch(pattern, line), line
    last = printed("run", skip=[search.name]).splitlines()[-1]
    assert last.startswith("1 lifespan started in ")


def test_run_of_none(default: Registry) -> None:
    """Where there is none to run, it says so, and that is no failure."""
    assert not len(default)
    assert printed("run").startswith("No lifespans are registered.")


def test_run_that_fails(default: Registry, log: list[str]) -> None:
    """All errors are named, and the table shows how far each one has come."""
    tracked(default, log, "db", leave=boom("no db"))
    tracked(default, log, "mail", enter=boom("no mail"))
    tracked(default, log, "search", requires="mail")
    out = StringIO()

    with pytest.raises(CommandError) as failed:
        call_command("lifespans", "run", stdout=out, no_color=True)
    assert [line.split()[-1] for line in out.getvalue().splitlines()] == [
        "status",
        "error",
        "failed",
        "waiting",
    ]
    assert re.fullmatch(
        r"1 lifespan failed to start:\n.*'mail' \(.*\): RuntimeError: no mail\n"
        r"Then, while those .*:\n.*'db' \(.*\): RuntimeError: no db",
        str(failed.value),
    )


def test_exit_code(tmp_path: Path) -> None:
    """A deployment sees by the code what has come of it."""
    project = shop(tmp_path, {"shop/lifespans.py": SHOP})
    good = project.manage("lifespans", "run")
    text = SHOP.replace(
        "async def db():\n    yield", "async def db():\n    1 / 0\n    yield"
    )
    project.write({"shop/lifespans.py": text})
    bad = project.manage("lifespans", "run")
    unknown = project.manage("lifespans", "run", "serach")

    assert (good.stderr, good.returncode) == ("", 0)
    assert good.stdout.splitlines()[-1].startswith("3 lifespans started in ")
    assert bad.returncode == unknown.returncode == 1
    assert bad.stderr == (
        "CommandError: 1 lifespan failed to start:\n"
        "    'db' (shop/lifespans.py:14): ZeroDivisionError: division by zero\n"
    )
    assert "Did you mean 'search'" in unknown.stderr
    assert unknown.stdout == ""


EXITING = """
import sys


@on_lifespan
async def bad():
    {}
    yield
    {}
"""


@pytest.mark.parametrize(
    "where", [("sys.exit(0)", "pass"), ("pass", "sys.exit(0)")], ids=["start", "stop"]
)
def test_lifespan_that_exits(where: tuple[str, str], tmp_path: Path) -> None:
    """A lifespan that ends the process is no success, whatever code it gives."""
    text = SHOP + EXITING.format(*where)
    project = shop(tmp_path, {"shop/lifespans.py": text})
    result = project.manage("lifespans", "run", "bad")

    assert result.returncode == 1
    assert result.stderr == (
        "CommandError: 'bad' (shop/lifespans.py:26) raised SystemExit(0), which ends "
        "the process.\n"
    )
    assert re.search(r"\n   1  bad  .* (failed|with an error)\n", result.stdout)


SLOW = """
# The measuring of coverage has a handler of its own.
signal.signal(signal.SIGTERM, signal.SIG_DFL)


@on_lifespan
async def slow():
    try:
        print("slow starts", flush=True)
        await asyncio.sleep(600)
        yield
    finally:
        print("slow cleans up", flush=True)
"""


def test_run_is_interrupted(tmp_path: Path) -> None:
    """SIGTERM unwinds it, and the table shows who has not come to its end."""
    text = f"import asyncio, signal\n{SHOP}\n{SLOW}"
    project = shop(tmp_path, {"shop/lifespans.py": text})
    with running(project, "lifespans", "run") as process:
        process.wait_for("slow starts")
        process.terminate()
        assert process.wait() == 143
    assert process.output.splitlines()[1] == "slow cleans up"
    assert re.search(r"\n   \d  slow +- +", process.output)
