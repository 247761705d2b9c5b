"""When what has started and stopped in a run: what the waterfalls show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from lifespan_registry._core.report import LifespanReport, Report, Status

LEAST = 0.0005
"""What is less than that is shown as 0.000 s."""


MOST = 5
"""How many are named of those whose time could be gained."""


class Span(NamedTuple):
    """A stretch of time, in seconds since the start, or the stop, of the run began."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


class Bar(NamedTuple):
    """One lifespan: when it has started and stopped, as far as it has."""

    name: str
    start: Span | None
    stop: Span | None
    status: str
    is_critical: bool
    """Whether the whole start has waited for it: the critical path."""

    has_failed: bool


class Timeline(NamedTuple):
    """The lifespans of a run, and how long its start and its stop have taken so far."""

    bars: tuple[Bar, ...]
    start: float
    stop: float
    critical_path: tuple[str, ...]
    gains: dict[str, float]
    """By how many seconds the start would be shorter if one of the critical path took
    no time; those that would make a difference, the most first."""


def of_report(report: Report, now: dt.datetime) -> Timeline:
    """Read *report*, which was made *now*: what goes on has no end yet."""
    lifespans = report.values()
    start_began = min(
        (one.start_began for one in lifespans if one.start_began), default=now
    )
    # A crash is no part of the stop.
    stop_began = min(
        (
            one.stop_began
            for one in lifespans
            if one.stop_began and one.status is not Status.CRASHED
        ),
        default=now,
    )

    def bar(one: LifespanReport) -> Bar:
        start = stop = None
        if one.start_began is not None:
            # Of one that has not started, the end is when it failed, or was called off.
            end = one.started_at or one.stopped_at or now
            start = _span(start_began, one.start_began, end)
        if one.stop_began is not None and one.status is not Status.CRASHED:
            stop = _span(stop_began, one.stop_began, one.stopped_at or now)
        return Bar(
            one.name,
            start,
            stop,
            word(one, is_over=report.stopped_in is not None),
            one.name in report.critical_path,
            one.error is not None,
        )

    bars = tuple(map(bar, lifespans))
    return Timeline(
        bars,
        max((one.start.end for one in bars if one.start), default=0.0),
        max((one.stop.end for one in bars if one.stop), default=0.0),
        report.critical_path,
        _gains(report),
    )


def notes(timeline: Timeline) -> Iterator[str]:
    """Say what the start has waited for, and what could be gained."""
    if len(timeline.critical_path) > 1:
        yield f"critical path: {' → '.join(timeline.critical_path)}"
    if timeline.gains:
        gains = [f"{name} {gain:.3f} s" for name, gain in timeline.gains.items()]
        more = f", and {len(gains) - MOST} more" if len(gains) > MOST else ""
        yield f"to be gained, at most: {', '.join(gains[:MOST])}{more}"


def _span(zero: dt.datetime, begin: dt.datetime, end: dt.datetime) -> Span:
    # The clock of the machine may be set back meanwhile.
    end = max(begin, end)
    return Span((begin - zero).total_seconds(), (end - zero).total_seconds())


def word(one: LifespanReport, *, is_over: bool = False) -> str:
    """Say what has become of *one*, in a run that goes on or *is_over*."""
    if is_over and one.status is Status.WAITING:
        return "not started"
    if one.status is not Status.STOPPED:
        return str(one.status.value)
    if one.started_at is None:
        return "called off"
    return "stopped" if one.error is None else "stopped with an error"


def _gains(report: Report) -> dict[str, float]:
    whole = _longest_path(report, None)
    gains = {
        name: whole - _longest_path(report, name)
        for name in report.critical_path
        # More than its own time cannot be gained.
        if (report[name].startup_seconds or 0.0) >= LEAST
    }
    worth = [one for one in gains.items() if one[1] >= LEAST]
    return dict(sorted(worth, key=lambda one: -one[1]))


def _longest_path(report: Report, without: str | None) -> float:
    """Return how long the start takes if *without* takes no time."""
    ends: dict[str, float] = {}
    # In the order of the plan: what one waits for comes before it.
    for name, one in report.items():
        own = 0.0 if name == without else one.startup_seconds or 0.0
        ends[name] = own + max((ends[first] for first in one.waits_for), default=0.0)
    return max(ends.values(), default=0.0)
