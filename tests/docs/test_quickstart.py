"""The example project, started and asked as its README says."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.project import ROOT, Project

EXAMPLE = ROOT / "docs" / "examples" / "quickstart"
DEADLINE = 30.0

NAMES = ["words", "database", "http_client", "visits", "probe", "heartbeat"]
CHAINS = [
    ["database", "visits"],
    ["database", "probe", "heartbeat"],
    ["http_client", "probe", "heartbeat"],
]
"""Each of these starts after the one to its left, and stops before it."""


class Site(NamedTuple):
    """The example under Uvicorn."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    console: Path

    def state(self) -> dict[str, Any]:
        """Ask for ``/state.json``."""
        return self.client.get("/state.json").raise_for_status().json()

    def names(self, verb: str) -> list[str]:
        """Return the lifespans that the console says have *verb*, in its order."""
        return re.findall(rf"^INFO: +{verb} (\w+) in ", self.output, re.MULTILINE)

    @property
    def is_up(self) -> bool:
        """Whether the server accepts requests."""
        return "Uvicorn running on" in self.output

    @property
    def output(self) -> str:
        """What is on the console so far."""
        return self.console.read_text(encoding="utf-8")


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def copied(folder: Path) -> Path:
    """Copy the example, without what it has written, to *folder*."""
    junk = shutil.ignore_patterns("__pycache__", "*.sqlite3*")
    return shutil.copytree(EXAMPLE, folder / "quickstart", ignore=junk)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Serve the example in *folder*; what still runs at the end is killed."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-X", "dev", "-m", "uvicorn"]
    command += ["--app-dir", str(folder), "quickstart.asgi:application"]
    command += ["--port", url.rpartition(":")[2]]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QUICKSTART_SECONDS": "0.1",
        "QUICKSTART_SITE": url,
    }
    environment.pop("DJANGO_SETTINGS_MODULE")
    console = folder / "console.txt"
    with (
        console.open("wb") as out,
        subprocess.Popen(
            command, cwd=folder.parent, env=environment, stdout=out, stderr=out
        ) as process,
        httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE) as client,
    ):
        site = Site(process, client, console)
        try:
            wait_until(lambda: process.poll() is not None or site.is_up)
            assert process.poll() is None, site.output
            # Before its first answer Uvicorn takes a signal for one to its startup.
            client.get("/alive")
            yield site
        finally:
            process.kill()


def interrupt(site: Site) -> int:
    """Press Ctrl-C, and wait for the end."""
    site.process.send_signal(signal.SIGINT)
    return site.process.wait(DEADLINE)


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example, served for all tests that only ask."""
    with serving(copied(tmp_path_factory.mktemp("site"))) as site:
        yield site


def test_requests_share_one_object(site: Site) -> None:
    """Each request counts on in the same object of the same process."""
    first, second = site.state(), site.state()
    assert second["visits"] == first["visits"] + 1
    assert second["visits_ever"] == first["visits_ever"] + 1
    assert second["object"] == first["object"]
    assert first["pid"] == second["pid"] == site.process.pid


def test_every_lifespan_is_started(site: Site) -> None:
    """All lifespans have started, each after those that it needs."""
    assert site.state()["lifespans"] == dict.fromkeys(NAMES, "started")
    started = site.names("started")
    assert sorted(started) == sorted(NAMES)
    for chain in CHAINS:
        assert [name for name in started if name in chain] == chain


def test_page_shows_the_lifespans(site: Site) -> None:
    """The page has a row for each lifespan, and the shared object."""
    page = site.client.get("/").raise_for_status().text
    assert re.findall(r'<th scope="row"><span class="code">(\w+)<', page) == NAMES
    assert page.count(">started</span>") == len(NAMES)
    assert '<span class="code">database, http_client</span>' in page
    assert site.state()["object"] in page


def test_page_needs_nothing_from_elsewhere(site: Site) -> None:
    """The page names no address but those of the site itself."""
    page = site.client.get("/").raise_for_status().text
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert addresses == ["data:,", "", "/word", "/state.json"]
    assert "url(" not in page


def test_sync_view_has_the_value(site: Site) -> None:
    """A sync view reaches what a sync lifespan has made."""
    answer = site.client.get("/word").raise_for_status()
    assert re.fullmatch(r"[a-z]{5,}\n", answer.text)


def test_heart_beats_in_the_background(site: Site) -> None:
    """The background loop asks the site again and again."""
    before = site.state()["beats"]
    wait_until(lambda: site.state()["beats"] > before + 1)
    page = site.client.get("/").raise_for_status().text
    assert re.search(r"last answer: 204 in \d+ ms", page)


def test_ctrl_c_closes_in_reverse(tmp_path: Path) -> None:
    """Ctrl-C stops each lifespan before those that it needs, and leaves cleanly."""
    with serving(copied(tmp_path)) as site:
        site.state()
        assert interrupt(site) == 0
    stopped = site.names("stopped")
    assert sorted(stopped) == sorted(NAMES)
    for chain in CHAINS:
        assert [name for name in stopped if name in chain] == chain[::-1]
    assert "heartbeat ends with beat " in site.output
    last = [re.sub(r"\d[\d.]*", "N", line) for line in site.output.splitlines()[-3:]]
    assert last == [
        "INFO:     N lifespans stopped in N s",
        "INFO:     Application shutdown complete.",
        "INFO:     Finished server process [N]",
    ]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_database_outlives_the_server(tmp_path: Path) -> None:
    """A second start finds what the first has written."""
    folder = copied(tmp_path)
    visits = []
    for _ in range(2):
        with serving(folder) as site:
            state = site.state()
            visits.append((state["visits"], state["visits_ever"]))
            interrupt(site)
    assert visits == [(1, 1), (1, 2)]


def test_check_is_silent(tmp_path: Path) -> None:
    """``manage.py check`` has nothing to say about the example."""
    result = Project(copied(tmp_path), "quickstart.settings").python(
        "manage.py", "check", "--fail-level", "INFO"
    )
    assert result.stderr == ""
    assert result.stdout == "System check identified no issues (0 silenced).\n"


def test_command_lists_the_lifespans(tmp_path: Path) -> None:
    """``manage.py lifespans`` lists the example's lifespans in their order."""
    result = Project(copied(tmp_path), "quickstart.settings").python(
        "manage.py", "lifespans"
    )
    assert result.stderr == ""
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert [row[1] for row in rows] == NAMES
