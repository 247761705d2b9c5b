"""The tests' Django project behind a real server."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests.servers.process import WITHIN, Process


class Served(Process):
    """A server of the project in ``tests/servers/project``.

    *arguments* are what follows ``python -m``; *folder* is for its files; *behaviour*
    switches on what lifespans of the project do beside the usual.
    """

    def __init__(self, folder: Path, *arguments: str, behaviour: str = "") -> None:
        self._events = folder / "events"
        self._events.touch()
        self._release = folder / "release"
        self.port = 0
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings",
            "PROJECT_BEHAVIOUR": behaviour,
            "PROJECT_EVENTS": str(self._events),
            "PROJECT_RELEASE": str(self._release),
        }
        super().__init__(*arguments, environment=environment)

    def wait_until_up(self) -> None:
        """Wait until the server says on which port it serves, and does.

        Between the two, Uvicorn takes a signal for one to its startup, and ends without
        a shutdown.
        """
        self.port = int(self.wait_for(r"http://127\.0\.0\.1:(\d+)")[1])
        with self.client() as client:
            client.get("/up/")

    def client(self) -> httpx.Client:
        """Return a client with connections of its own."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=WITHIN, trust_env=False
        )

    def get(self, path: str) -> httpx.Response:
        """Send a request by a connection of its own."""
        with self.client() as client:
            return client.get(path).raise_for_status()

    def release(self) -> None:
        """Let requests for ``/slow/`` go on."""
        self._release.touch()

    @property
    def events(self) -> list[str]:
        """What the project has noted so far."""
        return self._events.read_text().splitlines()

    def wait_for_event(self, event: str) -> None:
        """Wait until the project has noted *event*."""
        deadline = time.monotonic() + WITHIN
        while event not in self.events:
            assert time.monotonic() < deadline, f"no {event!r}:\n{self.output}"
            time.sleep(0.01)
