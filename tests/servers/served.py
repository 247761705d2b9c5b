"""The tests' Django project behind a real server."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.servers.ports import free_port
from tests.servers.process import ROOT, WITHIN, Process
from tests.servers.rows.row import Row

PROJECT = "tests/servers/project"

STARTED = [
    "+database in task 'lifespan database'",
    "+files in thread 'lifespan files'",
    "+worker in task 'lifespan worker'",
]
"""What a process notes that has entered all lifespans of the project."""

STOPPED = [
    "-worker in task 'lifespan worker'",
    "-files in thread 'lifespan files'",
    "-database in task 'lifespan database'",
]
"""What a process notes that has exited them."""


def copy_project(root: Path) -> Path:
    """Copy the project to *root*, from where it can be imported under its name."""
    for package in ("tests", "tests/servers"):
        (root / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "__init__.py", root / package)
    shutil.copytree(ROOT / PROJECT, root / PROJECT)
    return root


class Served(Process):
    """A server of the project in ``tests/servers/project``.

    *arguments* are what follows ``python -m``, with ``{port}`` for the port; *folder*
    is for its files; *behaviour* switches on what lifespans of the project do beside
    the usual; *environment* is added to that of the tests. The project is a copy, so
    that no server with a reloader sees anybody's work on the repository.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        behaviour: str = "",
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._root = copy_project(folder / "copy")
        self._events = folder / "events"
        self._events.touch()
        self._release = folder / "release"
        self.port = free_port()
        super().__init__(
            *(argument.format(port=self.port) for argument in arguments),
            environment={
                "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings",
                "PROJECT_BEHAVIOUR": behaviour,
                "PROJECT_EVENTS": str(self._events),
                "PROJECT_RELEASE": str(self._release),
                "PYTHONPATH": str(ROOT),
                **environment,
            },
            root=self._root,
        )

    # --- requests ------------------------------------------------------------------

    def wait_until_up(self, workers: int = 1, path: str = "/pid/") -> set[int]:
        """Wait until that many *workers* have answered; return their process ids."""
        seen: set[int] = set()

        def have_answered() -> bool:
            assert not self.has_ended, f"it has ended:\n{self.output}"
            seen.update(self.answers(path))
            return len(seen) >= workers

        self.wait_until(have_answered, f"answer of {workers} workers")
        return seen

    def wait_until_closed(self) -> None:
        """Wait until a new connection has no answer any more."""
        self.wait_until(lambda: not self.answers("/pid/"), "end of answers")

    def answers(self, path: str) -> list[Any]:
        """Return the answer that a new connection gets at once, if it gets one."""
        # Not by httpx, which takes its time to be made: this is asked again and again.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 2)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return []
        finally:
            connection.close()
        return [json.loads(body)] if response.status == HTTPStatus.OK else []

    def client(self) -> httpx.Client:
        """Return a client with connections of its own."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            timeout=WITHIN,
            trust_env=False,
            verify=False,  # it would read all certificates, and none is asked for
        )

    def get(self, path: str) -> httpx.Response:
        """Send a request by a connection of its own."""
        with self.client() as client:
            response = client.get(path)
        assert response.is_success, f"{response}:\n{self.output}"
        return response

    def talk(self) -> list[str]:
        """Open a websocket; return what the project sends there."""
        address = f"ws://127.0.0.1:{self.port}/websocket/"
        with connect(address, open_timeout=WITHIN, proxy=None) as websocket:
            return json.loads(websocket.recv(WITHIN))

    def edit(self) -> None:
        """Edit the lifespans of the project."""
        path = self._root / PROJECT / "lifespans.py"
        with path.open("a", encoding="utf-8") as file:
            file.write("# edited\n")

    def release(self) -> None:
        """Let requests for ``/slow/`` go on."""
        self._release.touch()

    # --- what the project has noted ------------------------------------------------

    @property
    def events(self) -> list[str]:
        """What the project has noted so far."""
        return [event for _, event in self._notes()]

    @property
    def processes(self) -> dict[int, list[str]]:
        """What each process has noted so far, by its id."""
        notes: dict[int, list[str]] = {}
        for process, event in self._notes():
            notes.setdefault(process, []).append(event)
        return notes

    def wait_for_event(self, event: str, times: int = 1) -> None:
        """Wait until the project has noted *event* that many *times*."""
        self.wait_until(lambda: self.events.count(event) >= times, repr(event))

    def _notes(self) -> list[tuple[int, str]]:
        lines = self._events.read_text(encoding="utf-8").splitlines()
        parts = [line.partition(" ") for line in lines]
        return [(int(process), event) for process, _, event in parts]

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until *is_so*; if it does not come to that, tell *what* is missing."""
        deadline = time.monotonic() + WITHIN
        while not is_so():
            assert time.monotonic() < deadline, (
                f"no {what}; {self.processes}:\n{self.output}"
            )
            time.sleep(0.02)


def serve(row: Row, folder: Path, *more: str, behaviour: str = "") -> Served:
    """Start the server of *row*, with *more* arguments at the end."""
    return Served(
        folder,
        *row.command,
        *more,
        behaviour=behaviour,
        environment=row.environment,
    )
