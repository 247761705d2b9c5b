"""What happened in a run: of each lifespan its status, since when, how long it took."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lifespan_registry.exceptions import Origin


class Status(enum.Enum):
    """How far a lifespan has come in its run."""

    WAITING = "waiting"
    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    CRASHED = "crashed"


class LifespanReport(NamedTuple):
    """One lifespan of a run; times are aware datetimes, durations are seconds."""

    name: str
    origin: Origin
    status: Status
    waits_for: tuple[str, ...]
    start_began: dt.datetime | None
    started_at: dt.datetime | None
    startup_seconds: float | None
    stopped_at: dt.datetime | None
    shutdown_seconds: float | None
    error: BaseException | None


class Report(Mapping[str, LifespanReport]):
    """The lifespans of a run by name, in the order of the plan, at one moment."""

    def __init__(self, lifespans: Mapping[str, LifespanReport]) -> None:
        self._lifespans = dict(lifespans)

    def __getitem__(self, name: str) -> LifespanReport:
        return self._lifespans[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lifespans)

    def __len__(self) -> int:
        return len(self._lifespans)

    def __repr__(self) -> str:
        words = [f"{name} {one.status.value}" for name, one in self._lifespans.items()]
        return f"<Report: {', '.join(words) or 'empty'}>"
