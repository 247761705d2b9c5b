"""The example project, started and asked as its README says."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.project import ROOT, Project
from tests.servers.ports import free_port
from tests.servers.served import UNMEASURED

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
    """The example on a server."""

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
        """Whether the server answers requests."""
        try:
            return self.client.get("/alive").status_code == httpx.codes.NO_CONTENT
        except httpx.TransportError:
            return False

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


def copied(folder: Path) -> Path:
    """Copy the example, without what it has written, to *folder*."""
    junk = shutil.ignore_patterns("__pycache__", "*.sqlite3*")
    docs = folder / "docs"
    copy = shutil.copytree(EXAMPLE, docs / "examples" / "quickstart", ignore=junk)
    (docs / "reference").mkdir()
    shutil.copy(ROOT / "docs" / "reference" / "servers.md", docs / "reference")
    return copy


UVICORN = ("-X", "dev", "-m", "uvicorn", "quickstart.asgi:application", "--port=8000")


@contextlib.contextmanager
def serving(
    folder: Path, arguments: tuple[str, ...] = UVICORN, **more: str
) -> Iterator[Site]:
    """Serve the example in *folder*, with Python's *arguments* but another port.

    *more* is added to the environment. What still runs at the end is killed.
    """
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rpartition(":")[2]
    command = [sys.executable, *(one.replace("8000", port) for one in arguments)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "QUICKSTART_SECONDS": "0.1",
        **more,
        "QUICKSTART_SITE": url,
    }
    environment.pop("DJANGO_SETTINGS_MODULE")
    console = folder / "console.txt"
    with (
        console.open("wb") as out,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        ) as process,
        httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE) as client,
    ):
        site = Site(process, client, console)
        try:
            wait_until(lambda: process.poll() is not None or site.is_up)
            assert process.poll() is None, site.output
            yield site
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


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


def test_status_page(site: Site) -> None:
    """The library's own page has all of them, and both pictures."""
    page = site.client.get("/lifespans/").raise_for_status().text
    assert f"all {len(NAMES)} lifespans have started" in page
    assert page.count("<svg ") == 2


def test_page_says_which_server_this_is(site: Site) -> None:
    """The page names Uvicorn, who has started what, and what the tests have found."""
    page = site.client.get("/server").raise_for_status().text
    assert f"<h1>Uvicorn ({metadata.version('uvicorn')})</h1>" in page
    assert "by the server, with the lifespan protocol" in page
    assert "<div>database, http_client, probe, visits, words</div>" in page
    assert f'<div class="big">{site.process.pid}</div>' in page
    assert '<span class="code">uvicorn --workers 2</span>' in page
    assert nearest_in(page) == ["uvicorn"]
    assert '<tr><th scope="row">state in<td>requests, websockets</tr>' in page
    assert "granian" not in page


def nearest_in(page: str) -> list[str]:
    """Return the rows of the table that are marked as the nearest."""
    return re.findall(r'<h2><span class="code">([^<]*)</span>\n<span class="chip', page)


def test_page_needs_nothing_from_elsewhere(site: Site) -> None:
    """The page names no address but those of the site itself."""
    page = site.client.get("/").raise_for_status().text
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert addresses == ["data:,", "", "/word", "/lifespans/", "/state.json", "/server"]
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


# When Uvicorn stops, it tells each connection to close. One that comes in just then is
# not told, and stays as long as it is used. Here none is told.
DEAF = """
import uvicorn
from uvicorn.protocols.http import h11_impl

h11_impl.H11Protocol.shutdown = lambda self: None
uvicorn.run("quickstart.asgi:application", port=8000, http="h11", timeout_keep_alive=1)
"""


def test_heart_does_not_keep_its_server_up(tmp_path: Path) -> None:
    """The heartbeat holds no connection for which the server would wait for ever."""
    with serving(copied(tmp_path), ("-c", DEAF)) as site:
        wait_until(lambda: site.state()["beats"] > 1)
        assert interrupt(site) == 0
    assert "lifespans stopped in" in site.output


README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
COMMANDS = README.partition("<!-- commands: servers -->\n```shell\n")[2].partition(
    "```"
)
APP = "by an app of the library, before the server served"
PROTOCOL = "by the server, with the lifespan protocol"
THREAD = "in a thread of its own with an event loop"
SERVERS = {
    "manage.py": (r"Uvicorn \(", APP, "manage.py runserver with Uvicorn"),
    "uvicorn": (r"Uvicorn \(", PROTOCOL, "uvicorn"),
    "gunicorn quickstart.asgi": (
        *(r"gunicorn \(", PROTOCOL),
        "gunicorn -k asgi --asgi-lifespan on",
    ),
    "gunicorn quickstart.wsgi": (
        *("gunicorn/", THREAD),
        "gunicorn -c python:lifespan_registry.wsgi",
    ),
    "granian": (r"Granian \(", PROTOCOL, "granian --interface asgi"),
    "hypercorn": (r"Hypercorn \(", PROTOCOL, "hypercorn -w 2 with our app"),
    "daphne": (r"Daphne \(", APP, "daphne with our app"),
}
"""What the page says of each server: its name, who has started the lifespans, and which
row of the table is the nearest.
"""


@pytest.mark.parametrize("command", COMMANDS[0].splitlines())
def test_commands_of_the_readme(
    tmp_path: Path, command: str, request: pytest.FixtureRequest
) -> None:
    """Each command serves the example; the page knows the server; SIGTERM stops all."""
    server = next(one for one in SERVERS if one in command)
    if find_spec(server.split()[0].removesuffix("manage.py") or "uvicorn") is None:
        assert not request.config.getoption("--all-servers")
        pytest.skip("it is not installed")
    name, started, nearest = SERVERS[server]
    workers = 2 if "-w 2" in command else 1
    arguments = tuple(command.split()[1:])
    # Coverage's own handler of SIGTERM would keep out the app for Hypercorn.
    with serving(copied(tmp_path), arguments, **UNMEASURED) as site:
        page = site.client.get("/server").raise_for_status().text
        site.state()
        site.client.close()
        wait_until(lambda: site.output.count("6 lifespans started in") == workers)
        site.process.send_signal(signal.SIGTERM)
        site.process.wait(DEADLINE)
    assert re.search(f"<h1>{name}", page)
    assert started in page
    assert nearest_in(page) == [nearest]
    assert '<tr><th scope="row">SIGTERM<td>' in page
    assert site.output.count("6 lifespans started in") == workers
    assert site.output.count("6 lifespans stopped in") == workers


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


def test_own_tests_pass(tmp_path: Path) -> None:
    """``manage.py test``, as the README has it, runs the example's own tests."""
    folder = copied(tmp_path)
    assert "python manage.py test`" in README
    result = Project(folder, "quickstart.settings").python(
        "-X", "dev", "manage.py", "test"
    )
    assert result.returncode == 0, result.stderr
    assert re.search(r"^Ran \d+ tests in ", result.stderr, re.MULTILINE)
    # They leave the database of the site alone.
    assert list((folder / "data").glob("*.sqlite3")) == []


def test_command_lists_the_lifespans(tmp_path: Path) -> None:
    """``manage.py lifespans`` lists the example's lifespans in their order."""
    result = Project(copied(tmp_path), "quickstart.settings").python(
        "manage.py", "lifespans"
    )
    assert result.stderr == ""
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert [row[1] for row in rows] == NAMES
