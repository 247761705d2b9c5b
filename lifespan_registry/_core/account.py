"""What is to be said about a run: in reports, and to whoever misses a value."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, TypeAlias

from lifespan_registry._core.report import LifespanReport, Report, Status
from lifespan_registry.exceptions import (
    CrashedError,
    NotInThisRunError,
    Origin,
    StartFailedError,
    StartingError,
    StoppedError,
    UnavailableError,
    brief,
)

if TYPE_CHECKING:
    from lifespan_registry._core.conductor import Conductor
    from lifespan_registry._core.member import Member

Failure: TypeAlias = tuple[Origin, BaseException]


class Account:
    """Reads what *conductor* and its members have come to.

    *absent* are the lifespans that take no part, by name, each with the reason;
    *stopping* is set when the stop begins; *now* is the time of the event loop.
    """

    def __init__(
        self,
        conductor: Conductor,
        absent: Mapping[str, str],
        stopping: asyncio.Event,
        now: float,
    ) -> None:
        self.conductor = conductor
        self._absent = absent
        self._stopping = stopping
        self._members = {one.step.name: one for one in conductor.members}
        self._clock = time.time() - now

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __str__(self) -> str:
        counts = Counter(one.status.value for one in self.conductor.members)
        return ", ".join(f"{count} {status}" for status, count in counts.items())

    def report(self) -> Report:
        """Return what has happened so far, lifespan by lifespan."""
        conductor = self.conductor
        return Report(
            {name: self._describe(one) for name, one in self._members.items()},
            status=self._status(),
            start_began=self._moment(conductor.start_began),
            started_at=self._after(conductor.start_began, conductor.started_in),
            started_in=conductor.started_in,
            stop_began=self._moment_if_any(conductor.stop_began),
            stopped_at=self._after(conductor.stop_began, conductor.stopped_in),
            stopped_in=conductor.stopped_in,
            critical_path=self.critical_path(),
            absent=self._absent,
        )

    def critical_path(self) -> tuple[str, ...]:
        """Return the names of those that have determined how long the start took.

        That is the one that has started last, and before it, step by step, the last one
        that it has waited for.
        """
        members = self.conductor.members
        if self.conductor.started_in is None:
            return ()
        path: list[str] = []
        candidates: Collection[int] = range(len(members))
        while candidates:
            # Where the clock is too coarse to tell, the plan does.
            last = max(candidates, key=lambda place: (members[place].started_at, place))
            path.append(members[last].step.name)
            candidates = members[last].step.waits_for
        return tuple(reversed(path))

    def _status(self) -> Status:
        conductor = self.conductor
        if conductor.failing:
            return Status.FAILED
        if self._stopping.is_set():
            is_over = conductor.stopped_in is not None
            return Status.STOPPED if is_over else Status.STOPPING
        if any(one.status is Status.CRASHED for one in conductor.members):
            return Status.CRASHED
        return Status.STARTING if conductor.starting else Status.STARTED

    @property
    def failure(self) -> str | None:
        """What the start has failed of first, if it has."""
        for origin, error in self.conductor.failures:
            return f"{origin}: {brief(error)}"
        return None

    def exit_failures(self) -> list[Failure]:
        """Return what went wrong at exit, the first one first."""
        failures = [
            (one.left, -one.place, one.origin, one.exit_error)
            for one in self.conductor.members
            if one.exit_error is not None
        ]
        failures.sort(key=lambda failure: failure[:2])
        return [(origin, error) for _, _, origin, error in failures]

    def why_not(self, name: str) -> UnavailableError:
        """Say why lifespan *name* has no value within reach."""
        conductor = self.conductor
        if (member := self._members.get(name)) is None:
            too_late = (
                "was registered only after this run had begun. (Is "
                "'lifespan_registry' in INSTALLED_APPS, and the file of the lifespan "
                "called lifespans.py? Then it is imported in time)"
            )
            return NotInThisRunError(name, self._absent.get(name, too_late))
        if member.status is Status.CRASHED:
            return CrashedError(name, self._crash(member))
        if self.failure is not None:
            return StartFailedError(name, self.failure)
        if conductor.stopping:
            how = "is being stopped" if conductor.alive else "has been stopped"
            return StoppedError(name, how)
        if member.status is Status.STARTING:
            return StartingError(name, "is starting right now")
        waits = [
            repr(conductor.members[other].step.name)
            for other in member.step.waits_for
            if conductor.members[other].status is not Status.STARTED
        ]
        return StartingError(name, f"waits for {', '.join(waits) or 'its turn'}")

    def _crash(self, member: Member) -> str:
        when = f"at {self._moment(member.leave_began).astimezone():%H:%M:%S}"
        if member.error is None:
            # Its own cleanup is still running, and only then its error is known.
            return f"{when}; of what, the log says when its cleanup is over"
        return f"{when}, of {brief(member.error)}"

    def _moment(self, at: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock + at, dt.UTC)

    def _moment_if_any(self, at: float) -> dt.datetime | None:
        return None if math.isnan(at) else self._moment(at)

    def _after(self, began: float, seconds: float | None) -> dt.datetime | None:
        return None if seconds is None else self._moment(began + seconds)

    def _describe(self, member: Member) -> LifespanReport:
        moment = self._moment_if_any

        def span(start: float, end: float) -> float | None:
            return None if math.isnan(end - start) else end - start

        step = member.step
        members = self.conductor.members
        reasons = {
            members[other].step.name: how
            for other, how in sorted(step.waits_for.items())
        }
        limits = self.conductor.limits
        return LifespanReport(
            name=step.name,
            origin=member.origin,
            tags=step.definition.tags,
            status=member.status,
            waits_for=tuple(reasons),
            reasons=reasons,
            startup_timeout=step.startup_limit(limits.startup),
            shutdown_timeout=step.shutdown_limit(limits.shutdown),
            start_began=moment(member.began),
            started_at=moment(member.started_at),
            startup_seconds=span(member.began, member.started_at),
            stop_began=moment(member.leave_began),
            stopped_at=moment(member.left),
            shutdown_seconds=span(member.leave_began, member.left),
            # Not by or: an exception may be false.
            error=member.exit_error if member.error is None else member.error,
        )
