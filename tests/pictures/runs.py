"""Reports of runs whose times are known, for pictures of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lifespan_registry._core.report import LifespanReport, Report, Status
from lifespan_registry.exceptions import Origin

ZERO = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def moment(seconds: float | None) -> dt.datetime | None:
    """Return when that was."""
    return None if seconds is None else ZERO + dt.timedelta(seconds=seconds)


def one(
    name: str,
    start: tuple[float | None, float | None] = (None, None),
    stop: tuple[float | None, float | None] = (None, None),
    status: Status = Status.STARTED,
    **fields: Any,
) -> LifespanReport:
    """Report a lifespan by when its start and its stop began and were over."""

    def seconds(begin: float | None, end: float | None) -> float | None:
        return None if begin is None or end is None else end - begin

    values: dict[str, Any] = {
        "origin": Origin(name, "shop/lifespans.py", 3),
        "tags": frozenset(),
        "waits_for": (),
        "reasons": {},
        "startup_timeout": 20.0,
        "shutdown_timeout": 10.0,
        "error": None,
        **fields,
    }
    return LifespanReport(
        name=name,
        status=status,
        start_began=moment(start[0]),
        started_at=moment(start[1]),
        startup_seconds=seconds(*start),
        stop_began=moment(stop[0]),
        stopped_at=moment(stop[1]),
        shutdown_seconds=seconds(*stop),
        **values,
    )


def report(*lifespans: LifespanReport, path: tuple[str, ...] = ()) -> Report:
    """Report a run of *lifespans*."""
    return Report({one.name: one for one in lifespans}, critical_path=path)


SHOP = report(
    one("db", (0, 0.4), (9.0, 9.1), Status.STOPPED),
    one("mail", (0, 0.3), (8.0, 8.05), Status.STOPPED),
    one(
        "search",
        (0.4, 1.0),
        (8.0, 9.0),
        Status.STOPPED,
        waits_for=("db", "mail"),
        error=OSError(),
    ),
    path=("db", "search"),
)
"""Two that start at once, and one that waits for both; all have stopped."""

FAILED = report(
    one("db", (0, 0.25), (0.5, 0.75), Status.STOPPED),
    one("mail", (0, None), (None, 0.5), Status.FAILED, error=OSError("no route")),
    one("slow", (0, None), (None, 0.6), Status.STOPPED),
    one("search", status=Status.WAITING, waits_for=("mail",)),
)
"""A start that one has failed; another one was still starting."""
