"""``manage.py lifespans run``: whether they start, and how long that takes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from lifespan_registry import Registry
from tests.commands.shop import running
from tests.django.lifespans import SHOP, printed, refusal
from tests.project import shop
from tests.tracked import boom, tracked


def test_run(default: Registry, log: list[str]) -> None:
    """It starts them, stops them, and says how long each of it took."""
    tracked(default, log, "db", enter=lambda: asyncio.sleep(0.01))
    search = tracked(default, log, "search", requires="db")
    tracked(default, log, "metrics", enabled=False)
    lines = printed("run").splitlines()

    assert log == ["+db", "+search", "-search", "-db"]
    seconds = r"\d+\.\d{3} s"
    bars = rf"[·█ ]{{32}}  {seconds}  [·█ ]{{12}}  {seconds}"
    for line, pattern in zip(
        lines,
        (
            rf"started db in {seconds}",
            rf"started search in {seconds}",
            rf"stopped search in {seconds}",
            rf"stopped db in {seconds}",
            r"      name       start {36,}stop {16,}status",
            rf"   1  db      ●  {bars}  stopped",
            rf"   2  search  ●  {bars}  stopped",
            r"critical path: db → search",
            rf"to be gained, at most: db {seconds}.*",
            r"left out: 'metrics' .*",
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
    lines = out.getvalue().splitlines()
    assert [line.partition(" in ")[0] for line in lines[:3]] == [
        "started db",
        "failed mail",
        "stopped with an error db",
    ]
    assert [line.split()[-1] for line in lines[3:]] == [
        "status",
        "error",
        "failed",
        "started",  # not started
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


def test_picture_of_a_run(tmp_path: Path, default: Registry, log: list[str]) -> None:
    """``--svg`` draws the run in a file, also that of one that fails."""
    tracked(default, log, "db")
    tracked(default, log, "mail", enter=boom("no mail"))
    for args, statuses in (["db"], ["stopped"]), ([], ["stopped", "failed"]):
        file = tmp_path / "run.svg"
        with contextlib.suppress(CommandError):
            printed("run", *args, "--svg", str(file))
        root = ET.fromstring(file.read_text(encoding="ascii"))
        texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert [one for one in texts if one in ("stopped", "failed")] == statuses


def test_picture_that_cannot_be_written(
    tmp_path: Path, default: Registry, log: list[str]
) -> None:
    """That is said before anything is started."""
    tracked(default, log, "db")
    file = str(tmp_path / "nowhere" / "run.svg")
    assert refusal("run", "--svg", file) == (
        f"--svg cannot write the file {file!r}: No such file or directory."
    )
    assert log == []


def test_nothing_is_told_twice(
    default: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What the command prints is not logged as well; other runs are logged as ever."""
    tracked(default, log, "db")
    level = default.log_level
    with caplog.at_level("INFO", "lifespan_registry"):
        printed("run")
    assert caplog.messages == []
    assert default.log_level == level


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
    lines = process.output.splitlines()
    assert lines.index("slow cleans up") < lines.index("called off slow")
    assert re.search(r"\n   \d  slow .* s +-  called off\n", process.output)
