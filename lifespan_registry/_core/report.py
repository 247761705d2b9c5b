"""What happened in a run: of each lifespan its status, since when, how long it took."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lifespan_registry.exceptions import Origin


class Status(enum.Enum):
    """How far a lifespan has come in its run, or the whole run."""

    WAITING = "waiting"
    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    CRASHED = "crashed"


class LifespanReport(NamedTuple):
    """One lifespan of a run; times are aware datetimes, durations are seconds.

    `waits_for` are the names of those that it starts after, in the order of the plan;
    `reasons` has the words for each of them, as in ``{"db": "takes 'db'"}``. The two
    timeouts are those in force, be they its own or the default. Of one that has
    crashed, `stop_began` is when that was.
    """

    name: str
    origin: Origin
    tags: frozenset[str]
    status: Status
    waits_for: tuple[str, ...]
    reasons: Mapping[str, str]
    startup_timeout: float
    shutdown_timeout: float
    start_began: dt.datetime | None
    started_at: dt.datetime | None
    startup_seconds: float | None
    stop_began: dt.datetime | None
    stopped_at: dt.datetime | None
    shutdown_seconds: float | None
    error: BaseException | None


class Report(Mapping[str, LifespanReport]):
    """The lifespans of a run by name, in the order of the plan, at one moment.

    `status` is that of the whole: it has failed when its start has, and has crashed
    while it is up without one that has. `start_began`, `started_at`, `stop_began` and
    `stopped_at` are aware datetimes, `started_in` and `stopped_in` the seconds that the
    start and the stop have taken; each is None until it has come to that.
    `critical_path` are the names of those that the start has waited for, one after the
    other: only where one of them gets quicker does the start get quicker. It is empty
    until all have started. `absent` are those that take no part, by name, each with the
    reason, as in ``{"metrics": "is disabled by its enabled="}``.
    """

    def __init__(
        self,
        lifespans: Mapping[str, LifespanReport],
        *,
        status: Status = Status.WAITING,
        start_began: dt.datetime | None = None,
        started_at: dt.datetime | None = None,
        started_in: float | None = None,
        stop_began: dt.datetime | None = None,
        stopped_at: dt.datetime | None = None,
        stopped_in: float | None = None,
        critical_path: tuple[str, ...] = (),
        absent: Mapping[str, str] | None = None,
    ) -> None:
        self._lifespans = dict(lifespans)
        self.status = status
        self.start_began = start_began
        self.started_at = started_at
        self.started_in = started_in
        self.stop_began = stop_began
        self.stopped_at = stopped_at
        self.stopped_in = stopped_in
        self.critical_path = critical_path
        self.absent = dict(absent or {})

    def __getitem__(self, name: str) -> LifespanReport:
        return self._lifespans[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lifespans)

    def __len__(self) -> int:
        return len(self._lifespans)

    def __repr__(self) -> str:
        words = [f"{name} {one.status.value}" for name, one in self._lifespans.items()]
        return f"<Report: {', '.join(words) or 'empty'}>"
