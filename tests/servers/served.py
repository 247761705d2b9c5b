"""The tests' Django project behind a real server."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.servers.noted import Noted
from tests.servers.ports import free_port
from tests.servers.process import ROOT, WITHIN
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


UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}
"""The environment of a server that shows coverage nothing new, and starts in half the
time without."""

STRICT = {
    **UNMEASURED,
    "PYTHONDEVMODE": "1",
    "PYTHONWARNINGS": "error,default::DeprecationWarning,default::ResourceWarning",
}
"""The environment of one in Python's development mode, with warnings as errors.

Not so where servers have their own faults: they use what newer packages deprecate, and
leave files open. One line each, which no other process comes between, tells of these.
"""


def copy_project(root: Path) -> Path:
    """Copy the project to *root*, from where it can be imported under its name."""
    for package in ("tests", "tests/servers"):
        (root / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "__init__.py", root / package)
    shutil.copytree(ROOT / PROJECT, root / PROJECT)
    return root


class Served(Noted):
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
        self.port = free_port()
        super().__init__(
            folder,
            *(argument.format(port=self.port) for argument in arguments),
            behaviour=behaviour,
            environment={
                "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings",
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

    def accepts(self) -> bool:
        """Tell whether it accepts a connection, without sending a request."""
        try:
            socket.create_connection(("127.0.0.1", self.port), WITHIN).close()
        except ConnectionRefusedError:
            return False
        return True

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


def serve(
    row: Row,
    folder: Path,
    *more: str,
    behaviour: str = "",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Served:
    """Start the server of *row*, with *more* arguments at the end."""
    return Served(
        folder,
        *row.command,
        *more,
        behaviour=behaviour,
        environment={**row.environment, **environment},
    )
