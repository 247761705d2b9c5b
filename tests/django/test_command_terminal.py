"""``manage.py lifespans run`` on a terminal: one line for each, as it is now."""

from __future__ import annotations

import contextlib
import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from lifespan_registry import Registry
from tests.core.waiting import until
from tests.django.lifespans import SHOP
from tests.project import shop
from tests.tracked import boom, tracked

COLOUR = re.compile(r"\x1b\[[\d;]*m")
UP = re.compile(r"\x1b\[(\d+)F\x1b\[J")


class Terminal(StringIO):
    """Shows what is written to it, as a terminal does that is high enough."""

    def isatty(self) -> bool:
        return True

    @property
    def screen(self) -> list[str]:
        """The lines that can be seen."""
        shown: list[str] = []
        first, *others = UP.split(COLOUR.sub("", self.getvalue()))
        shown += first.splitlines()
        for height, text in zip(others[::2], others[1::2], strict=True):
            del shown[-int(height) :]
            shown += text.splitlines()
        assert not any("\x1b" in line for line in shown)
        return shown


def shows(terminal: Terminal, *lines: str) -> Callable[[], object]:
    """Return what a lifespan waits for: that all *lines* can be seen, as patterns."""

    def found() -> bool:
        screen = terminal.screen
        return all(any(re.fullmatch(line, one) for one in screen) for line in lines)

    return lambda: until(found)


def run(terminal: Terminal, *args: str) -> None:
    """Run the command on *terminal*."""
    with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
        call_command("lifespans", "run", *args, stdout=terminal, force_color=True)


def test_lines_are_kept_up_to_date(default: Registry, log: list[str]) -> None:
    """Each has a line, which says what it is doing; in the end there is the table."""
    terminal = Terminal()
    seconds = r"\d+\.\d s"
    starting = shows(
        terminal,
        r"  db      started in \d\.\d{3} s",
        rf"  mail    starting {seconds}",
        r"  search  waiting for mail",
    )
    stopping = shows(terminal, rf"  mail    stopping {seconds}")
    tracked(default, log, "db")
    tracked(default, log, "mail", enter=starting, leave=stopping)
    tracked(default, log, "search", requires=("db", "mail"))
    run(terminal)

    assert log == ["+db", "+mail", "+search", "-search", "-db", "-mail"]
    head, *rows = terminal.screen
    assert head.split() == ["name", "start", "stop", "status"]
    assert [row.split()[1] for row in rows[:3]] == ["db", "mail", "search"]
    assert rows[-1].startswith("3 lifespans started in ")


def test_what_is_printed_meanwhile_stays(default: Registry, log: list[str]) -> None:
    """It stands above the lines, whole, and the lines come again below it."""
    terminal = Terminal()

    def say() -> None:
        print("in a thread")

    async def talk() -> None:
        await shows(terminal, "  db    starting .*")()
        print("a word of db")
        print("an error of db", file=sys.stderr)
        assert sys.stdout.isatty()
        await shows(terminal, "a word of db", "an error of db", "  db    starting .*")()

    tracked(default, log, "db", enter=talk)
    tracked(default, log, "late", requires="db", sync=True, enter=say)
    run(terminal)
    assert terminal.screen[:3] == ["a word of db", "an error of db", "in a thread"]
    assert terminal.screen[3].split()[0] == "name"


def test_what_is_logged_meanwhile_stays(default: Registry, log: list[str]) -> None:
    """So does what a handler writes that has held the terminal since before."""
    terminal = Terminal()
    handler = logging.StreamHandler(terminal)
    logger = logging.getLogger("shop")
    logger.addHandler(handler)

    async def talk() -> None:
        await shows(terminal, "  db  starting .*")()
        logger.warning("a word of db")
        await shows(terminal, "a word of db", "  db  starting .*")()

    tracked(default, log, "db", enter=talk)
    run(terminal)
    logger.removeHandler(handler)

    assert terminal.screen[0] == "a word of db"
    assert terminal.screen[1].split()[0] == "name"
    assert handler.stream is terminal


def test_start_that_fails(default: Registry, log: list[str]) -> None:
    """The lines are taken away then, too, and the streams are as they were."""
    terminal = Terminal()
    streams = sys.stdout, sys.stderr
    tracked(default, log, "db", enter=boom("no db"))
    with pytest.raises(CommandError):
        run(terminal)
    assert [line.split()[-1] for line in terminal.screen] == ["status", "failed"]
    assert (sys.stdout, sys.stderr) == streams


def test_two_hundred_on_a_small_terminal(
    default: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are never more lines than the terminal has, nor longer ones."""
    monkeypatch.setenv("LINES", "10")
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    names = [f"lifespan_with_a_long_name_{place}" for place in range(200)]
    for name in names:
        tracked(default, log, name)
    late = shows(terminal, r"  and 19\d more", r"  lifespan_with_a_long_name_\d\d?")
    tracked(default, log, "late", requires=names, enter=late)
    run(terminal)
    heights = [int(height) for height in UP.findall(terminal.getvalue())]
    assert max(heights) == 9
    assert len(log) == 402


class Ascii(TextIOWrapper):
    """An output that can have no other characters."""

    def __init__(self) -> None:
        super().__init__(BytesIO(), encoding="ascii")


def test_output_that_knows_ascii_alone(default: Registry, log: list[str]) -> None:
    """What it cannot have is drawn in other characters."""
    tracked(default, log, "db")
    tracked(default, log, "s\xfcch", requires="db")
    texts: list[str] = []
    for options in ({}, {"why": "s\xfcch"}):
        out = Ascii()
        action = [] if options else ["run"]
        call_command("lifespans", *action, stdout=out, no_color=True, **options)
        out.seek(0)
        texts.append(out.read())
    assert re.search(r"   1  db +\*  #", texts[0])
    assert "critical path: db > s\\xfcch" in texts[0]
    assert "\n`-- db" in texts[1]


def test_real_terminal(tmp_path: Path) -> None:
    """A terminal is known as one, and one without colours gets plain lines."""
    slow = SHOP.replace("db():\n", "db():\n    await asyncio.sleep(0.3)\n")
    project = shop(tmp_path, {"shop/lifespans.py": f"import asyncio\n{slow}"})

    def output(colours: str) -> str:
        ours, theirs = pty.openpty()
        environment = {**project.environment, "DJANGO_COLORS": colours}
        command = [sys.executable, "-m", "django", "lifespans", "run"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=theirs, stderr=theirs
        ):
            os.close(theirs)
            read = b""
            # Linux raises where others see the end of a file.
            with contextlib.suppress(OSError):
                while part := os.read(ours, 4096):
                    read += part
        os.close(ours)
        return read.decode()

    live, plain = output("dark"), output("nocolor")
    assert UP.search(live)
    assert "started db in" not in live
    assert "\x1b" not in plain
    assert "started db in" in plain
