"""The tutorial, followed to the letter in a fresh virtual environment."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.pages import FILE
from tests.project import ROOT
from tests.servers.ports import free_port

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^(?:<!-- tutorial: (?P<how>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
DEADLINE = 60.0


class Step(NamedTuple):
    """One block of the page; `how` is what a comment above it says."""

    how: str
    kind: str
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """What is typed, each with what is shown below it."""
        parts = re.split(r"^\$ (.*)\n", self.text, flags=re.MULTILINE)[1:]
        return list(zip(parts[::2], parts[1::2], strict=True))


def steps() -> Iterator[Step]:
    """Go through the blocks of the page."""
    for found in STEP.finditer(PAGE):
        yield Step(found["how"] or "", found["kind"], found["text"])


def plain(output: str) -> str:
    """Leave out of *output* what differs from day to day: times, numbers, requests."""
    for found, instead in (
        (r"^[A-Z]\w+ \d+, \d{4} - [\d:]+$", "DAY"),
        (r"\d+(?:\.\d+)+", "N"),
        (r"\[\d+\]", "[N]"),
        (r"[ ●·█]+N s", " N s"),
        (r"^(      name) .*", r"\1"),
        (r"^to be gained, .*\n", ""),  # on a fast machine there is nothing to be gained
        (r"^(INFO: +N):\d+ - ", r"\1:P - "),
    ):
        output = re.sub(found, instead, output, flags=re.MULTILINE)
    return output.strip()


def merged(old: str, new: str) -> str:
    """Return *old* with what *new* defines, in its place or else at the end."""
    lines = new.splitlines(keepends=True)
    for statement in ast.parse(new).body:
        text = "".join(lines[slice(*_span(statement))])
        same = [one for one in ast.parse(old).body if _name(one) == _name(statement)]
        if same:
            before = old.splitlines(keepends=True)
            before[slice(*_span(same[0]))] = [text]
            old = "".join(before)
        else:
            # With the comment above it: the lines are to be those of who pastes it.
            old = f"{old.rstrip()}\n\n\n{lines[0]}{text}"
    return old


def _name(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0])
    return getattr(statement, "name", "")


def _span(statement: ast.stmt) -> tuple[int, int]:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    assert statement.end_lineno
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return first - 1, statement.end_lineno


class Newcomer:
    """Somebody who follows the page, in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())
        self.console = folder / "console.txt"
        self.server: subprocess.Popen[bytes] | None = None
        self.seen = 0
        self.environment = {
            **{key: one for key, one in os.environ.items() if key != "PYTHONPATH"},
            "DJANGO_COLORS": "nocolor",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }
        self.environment.pop("DJANGO_SETTINGS_MODULE")

    def follow(self, step: Step) -> None:
        """Do what *step* says, and compare what comes of it."""
        if step.kind == "python":
            self.edit(step.text)
        elif step.how == "stays":
            ((command, shown),) = step.commands
            self.start(command, shown)
        elif "Ctrl-C" in step.how:
            output = self.interrupt()
            if step.kind == "text":
                assert plain(output) == plain(step.text)
        if step.kind == "console" and step.how not in ("stays", "not run"):
            for command, shown in step.commands:
                self.run(command, shown, fails=step.how == "fails")

    def edit(self, text: str) -> None:
        """Write the file that the first line of *text* names, or change it."""
        named = FILE.match(text)
        assert named
        path = self.folder / named[1]
        if path.name == "settings.py" or ", at its end\n" in text:
            text = merged(path.read_text(encoding="utf-8"), text)
        path.write_text(text, encoding="utf-8")

    def run(self, command: str, shown: str, *, fails: bool) -> None:
        """Run *command* in a shell: it answers with what is *shown*."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        if command == ". .venv/bin/activate":
            path = self.folder / ".venv" / "bin"
            self.environment["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
            self.environment["VIRTUAL_ENV"] = str(path.parent)
            return
        result = subprocess.run(
            ["bash", "-c", self.at_port(command)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            # pip has warnings and advice of its own.
            stderr=subprocess.PIPE if " pip " in command else subprocess.STDOUT,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        assert (result.returncode != 0) is fails, result.stdout
        assert plain(result.stdout) == plain(shown), command

    def start(self, command: str, shown: str) -> None:
        """Start a server, and wait until it has said what is *shown*."""
        command = self.at_port(command)
        if self.port not in command:
            port = {"python": self.port}.get(command.split()[0], f"--port {self.port}")
            command += f" {port}"
        with self.console.open("wb") as out:
            self.server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=out,
            )
        end = time.monotonic() + DEADLINE
        while len(plain(self.output)) < len(plain(shown)):
            assert time.monotonic() < end, self.output
            assert self.server.poll() is None, self.output
            time.sleep(0.05)
        self.seen = len(self.output)
        assert plain(self.output) == plain(shown)

    def interrupt(self) -> str:
        """Press Ctrl-C; return what the server has said since it was up."""
        assert self.server
        self.server.send_signal(signal.SIGINT)
        assert self.server.wait(DEADLINE) == 0
        self.server = None
        return self.output[self.seen :]

    @property
    def output(self) -> str:
        """What the server has said so far, as if it had the port of the page."""
        return self.console.read_text(encoding="utf-8").replace(self.port, "8000")

    def at_port(self, command: str) -> str:
        """Return *command* with a free port in place of the page's."""
        return command.replace(":8000", f":{self.port}")


def test_every_step(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each command answers what the page shows, from the new project to Ctrl-C."""
    if not request.config.getoption("--all-servers"):
        pytest.skip("tox run -e docs follows it: it installs from the package index")
    (tmp_path / "lifespan-registry").symlink_to(ROOT)
    newcomer = Newcomer(tmp_path)
    try:
        for step in steps():
            newcomer.follow(step)
        assert newcomer.server is None
        assert (newcomer.folder / "visits.txt").read_text(encoding="utf-8") == "3\n"
    finally:
        if newcomer.server is not None:
            newcomer.server.kill()
            newcomer.server.wait()


def test_no_block_is_missed() -> None:
    """Every fence of the page is a step."""
    assert PAGE.count("\n```") == 2 * len([*steps()])
