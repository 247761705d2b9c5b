"""A process of the tests' project that notes what happens in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.servers.process import ROOT, WITHIN, Process


class Noted(Process):
    """A Python module, whose processes write their notes to a file.

    *arguments* are what follows ``python -m``; *folder* is for its files; *behaviour*
    switches on what lifespans of the project do beside the usual; *environment* is
    added to that of the tests.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        behaviour: str = "",
        environment: Mapping[str, str] = MappingProxyType({}),
        root: Path = ROOT,
    ) -> None:
        self._events = folder / "events"
        self._events.touch()
        self._release = folder / "release"
        super().__init__(
            *arguments,
            environment={
                "PROJECT_BEHAVIOUR": behaviour,
                "PROJECT_EVENTS": str(self._events),
                "PROJECT_RELEASE": str(self._release),
                **environment,
            },
            root=root,
        )

    def release(self) -> None:
        """Let what waits for the test go on."""
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
