"""A run while it is under way: where each lifespan is, and what has just happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lifespan_registry._core.report import LifespanReport, Report, Status
from lifespan_registry.pictures.text import printable, width
from lifespan_registry.pictures.timeline import word

BUSY = (Status.STARTING, Status.STOPPING, Status.FAILED, Status.CRASHED)


def lines(report: Report, now: dt.datetime, room: int) -> Iterator[str]:
    """Write one line for each lifespan, with what it is doing *now*.

    Where there is *room* for fewer lines, it is for those that are doing something.
    """
    # Stable: they stay in the order of the plan.
    first = sorted(report, key=lambda name: report[name].status not in BUSY)
    shown = set(first if len(first) <= room else first[: max(room - 1, 0)])
    space = max((width(printable(name)) for name in report), default=0)
    for name, one in report.items():
        if name in shown:
            text = printable(name)
            gap = " " * (space - width(text))
            yield f"  {text}{gap}  {printable(_doing(report, one, now))}"
    if len(shown) < len(report):
        yield f"  and {len(report) - len(shown)} more"


def _doing(report: Report, one: LifespanReport, now: dt.datetime) -> str:
    status = one.status
    if status is Status.WAITING:
        missing = [first for first in one.waits_for if report[first].started_at is None]
        return f"waiting for {', '.join(missing)}" if missing else "waiting"
    if status is Status.STARTING and one.start_began:
        return f"starting {(now - one.start_began).total_seconds():.1f} s"
    if status is Status.STOPPING and one.stop_began:
        return f"stopping {(now - one.stop_began).total_seconds():.1f} s"
    return " ".join((word(one), _took(one))).rstrip()


def _took(one: LifespanReport) -> str:
    spans = {
        Status.STARTED: one.startup_seconds,
        Status.STOPPED: one.shutdown_seconds,
    }
    seconds = spans.get(one.status)
    return "" if seconds is None else f"in {seconds:.3f} s"


def events(report: Report) -> list[tuple[dt.datetime, str]]:
    """Return what has happened so far, in its order: a line for each start and stop."""
    found: list[tuple[dt.datetime, str]] = []
    for name, one in report.items():
        if one.started_at is not None:
            words = f"started {printable(name)} in {one.startup_seconds:.3f} s"
            found.append((one.started_at, words))
        if one.stopped_at is not None:
            words = f"{word(one)} {printable(name)} {_took(one)}".rstrip()
            found.append((one.stopped_at, words))
    # Stable: what happens at once is told in the order of the plan.
    return sorted(found, key=lambda event: event[0])
