"""An example that is served, and asked, as its README says."""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.project import ROOT
from tests.servers.ports import free_port
from tests.servers.process import WITHIN, Process

EXAMPLES = ROOT / "docs" / "examples"
ADDRESS = "http://127.0.0.1:8000"

COMMAND = re.compile(r"^<!-- command: example -->\n```shell\n(.+)\n```$", re.MULTILINE)
LOGGED = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\b[0-9a-f]{32}\b|\d+(?:\.\d+)?")
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TRIED = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)

CURL = argparse.ArgumentParser("curl", exit_on_error=False)
CURL.add_argument("-s", action="store_true", required=True)
CURL.add_argument("-X", dest="method", default="GET")
CURL.add_argument("-H", dest="headers", action="append", default=[])
CURL.add_argument("url")


def readme(name: str) -> str:
    """Return the README of an example."""
    return (EXAMPLES / name / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    """Return the command by which the README of an example has it installed and served.

    It has to be there once.
    """
    [line] = COMMAND.findall(readme(name))
    return line


def copied(name: str, folder: Path) -> Path:
    """Copy an example to where its README's command looks for it from *folder*."""
    return shutil.copytree(
        EXAMPLES / name,
        folder / "docs" / "examples" / name,
        ignore=shutil.ignore_patterns("__pycache__"),
    )


class Site(NamedTuple):
    """An example on its server."""

    name: str
    process: Process
    client: httpx.Client

    @property
    def output(self) -> str:
        """What is on the console so far."""
        return self.process.output

    def names(self, verb: str) -> list[str]:
        """Return the lifespans that the console says have *verb*, in its order."""
        return re.findall(rf"^INFO: +{verb} (\w+) in ", self.output, re.MULTILINE)

    def interrupt(self) -> int:
        """Press Ctrl-C, wait for the end, and return the exit code."""
        self.process.press_ctrl_c()
        return self.process.wait()

    def terminate(self) -> int:
        """Send SIGTERM, wait for the end, and return the exit code."""
        self.process.terminate()
        return self.process.wait()

    def follow_readme(self) -> None:
        """Try what the README shows, and compare what comes out.

        ``...`` in the README stands for anything.
        """
        blocks = CONSOLE.findall(readme(self.name))
        tried = TRIED.findall("".join(blocks))
        assert tried, "the README shows nothing to try"
        for line, expected in tried:
            program, *arguments = shlex.split(line)
            assert program == "curl", line
            options = CURL.parse_args(arguments)
            assert options.url.startswith(ADDRESS), line
            answer = self.client.request(
                options.method,
                options.url.removeprefix(ADDRESS),
                headers=[header.split(": ") for header in options.headers],
            )
            pattern = re.escape(expected.strip()).replace(r"\.\.\.", ".*")
            assert re.fullmatch(pattern, answer.text.strip(), re.DOTALL), (
                f"$ {line}\n{answer.text}\nis not what the README shows:\n{expected}"
            )

    def has_logged_readme(self) -> None:
        """Find on the console what the README says is there, whatever its numbers."""
        shown = "".join(LOGGED.findall(readme(self.name))).splitlines()
        assert shown, "the README shows no console"
        output = NUMBER.sub("N", self.output).splitlines()
        missing = [line for line in shown if NUMBER.sub("N", line) not in output]
        assert not missing, f"the README shows {missing}, not so:\n{self.output}"


def started(name: str, folder: Path, port: int, **environment: str) -> Process:
    """Start a copy of an example in *folder* by the command of its README.

    The Python, the port and the place of the library are those of the tests.
    """
    copied(name, folder)
    uvicorn, *arguments = command(name).rpartition(" && ")[2].split()
    assert uvicorn == ".venv-example/bin/uvicorn"
    return Process(
        "uvicorn",
        *(str(port) if argument == "8000" else argument for argument in arguments),
        environment={"PYTHONDEVMODE": "1", "PYTHONPATH": str(ROOT), **environment},
        root=folder,
    )


@contextlib.contextmanager
def serving(
    name: str,
    folder: Path,
    start: Callable[..., Process] = started,
    **environment: str,
) -> Iterator[Site]:
    """Serve an example in *folder*; what still runs at the end is killed."""
    port = free_port()
    with (
        start(name, folder, port, **environment) as process,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=WITHIN
        ) as client,
    ):
        site = Site(name, process, client)
        wait_until_up(site)
        yield site


def wait_until_up(site: Site) -> None:
    """Wait until it answers, if only that there is no such page."""
    deadline = time.monotonic() + WITHIN
    while True:
        assert not site.process.has_ended, f"it has ended:\n{site.output}"
        assert time.monotonic() < deadline, f"no answer:\n{site.output}"
        try:
            site.client.get("/no-such-page")
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
