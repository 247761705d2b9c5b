"""What there is to say about this process and its lifespans, as JSON can have it."""

from __future__ import annotations

import datetime as dt
import math
import os
import platform
import socket
import traceback
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, TypedDict, TypeVar

import django

from lifespan_registry._core.report import LifespanReport, Report, Status
from lifespan_registry.exceptions import brief
from lifespan_registry.pictures.timeline import Timeline, word

if TYPE_CHECKING:
    from lifespan_registry.health import Health

T = TypeVar("T")


class ProcessFacts(TypedDict):
    """The process that answers; `at` is when it did, in ISO 8601."""

    at: str
    pid: int
    host: str
    server: str
    python: str
    django: str
    lifespan_registry: str


class WaitFacts(TypedDict):
    """One that has to start before: its name, and in words the reason."""

    name: str
    why: str


class ErrorFacts(TypedDict):
    """What a lifespan has raised: in a line, and as Python prints it."""

    text: str
    traceback: str


class LifespanFacts(TypedDict):
    """One lifespan; moments are ISO 8601, durations seconds, None what is not yet.

    `status` is that of its report, `word` says more where it has stopped; `since` is
    when it has come to that. A time limit of None is none.
    """

    name: str
    file: str
    line: int
    where: str
    tags: list[str]
    status: str
    word: str
    since: str | None
    waits_for: list[WaitFacts]
    startup_timeout: float | None
    shutdown_timeout: float | None
    start_began: str | None
    started_at: str | None
    startup_seconds: float | None
    stop_began: str | None
    stopped_at: str | None
    shutdown_seconds: float | None
    is_critical: bool
    error: ErrorFacts | None


class RunFacts(TypedDict):
    """One run, as its report has it; `gains` are those of the waterfall."""

    status: str
    start_began: str | None
    started_at: str | None
    started_in: float | None
    stop_began: str | None
    stopped_at: str | None
    stopped_in: float | None
    critical_path: list[str]
    gains: dict[str, float]
    lifespans: list[LifespanFacts]
    absent: dict[str, str]


class Facts(TypedDict):
    """All of it; `status` and `reasons` are what ``ready`` and ``live`` answer.

    `last_failure` is what the last start has failed of, while none has succeeded since.
    """

    status: str
    reasons: list[str]
    last_failure: str | None
    process: ProcessFacts
    runs: list[RunFacts]


def of_process(server: str, now: dt.datetime) -> ProcessFacts:
    """Tell which process this is; *server* is what serves it."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "server": server,
        "python": platform.python_version(),
        "django": django.get_version(),
        "lifespan_registry": _version(),
    }


def of_all(
    health: Health,
    last_failure: str | None,
    process: ProcessFacts,
    runs: list[RunFacts],
) -> Facts:
    """Put all together."""
    is_down = health.status in (Status.WAITING, Status.STARTING, Status.FAILED)
    return {
        "status": health.status.value,
        "reasons": list(health.reasons),
        "last_failure": last_failure if is_down else None,
        "process": process,
        "runs": runs,
    }


def of_run(report: Report, timeline: Timeline) -> RunFacts:
    """Tell of the run that *report* and its *timeline* are of."""
    return {
        "status": report.status.value,
        "start_began": _iso(report.start_began),
        "started_at": _iso(report.started_at),
        "started_in": report.started_in,
        "stop_began": _iso(report.stop_began),
        "stopped_at": _iso(report.stopped_at),
        "stopped_in": report.stopped_in,
        "critical_path": list(report.critical_path),
        "gains": timeline.gains,
        "lifespans": [
            _of_lifespan(
                one,
                word(one, is_over=report.stopped_in is not None),
                is_critical=one.name in report.critical_path,
            )
            for one in report.values()
        ],
        "absent": dict(report.absent),
    }


def _of_lifespan(one: LifespanReport, said: str, *, is_critical: bool) -> LifespanFacts:
    return {
        "name": one.name,
        "file": one.origin.file,
        "line": one.origin.line,
        "where": one.origin.where,
        "tags": sorted(one.tags),
        "status": one.status.value,
        "word": said,
        "since": _iso(_since(one)),
        "waits_for": [{"name": name, "why": why} for name, why in one.reasons.items()],
        "startup_timeout": _limit(one.startup_timeout),
        "shutdown_timeout": _limit(one.shutdown_timeout),
        "start_began": _iso(one.start_began),
        "started_at": _iso(one.started_at),
        "startup_seconds": one.startup_seconds,
        "stop_began": _iso(one.stop_began),
        "stopped_at": _iso(one.stopped_at),
        "shutdown_seconds": one.shutdown_seconds,
        "is_critical": is_critical,
        "error": None if one.error is None else _error(one.error),
    }


def _version() -> str:
    try:
        return metadata.version("lifespan-registry")
    except metadata.PackageNotFoundError:
        # A copy in the project's own tree.
        return ""


def _since(one: LifespanReport) -> dt.datetime | None:
    """Return when *one* has come to its status."""
    moments = {
        Status.STARTING: one.start_began,
        Status.STARTED: one.started_at,
        Status.STOPPING: one.stop_began,
        Status.STOPPED: one.stopped_at,
        # Until its cleanup is over, it has failed since that has begun.
        Status.FAILED: one.stopped_at or one.stop_began,
        Status.CRASHED: one.stop_began,
    }
    return moments.get(one.status)


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def _limit(seconds: float) -> float | None:
    # JSON has no infinity.
    return None if math.isinf(seconds) else seconds


def _error(error: BaseException) -> ErrorFacts:
    return {
        "text": _printed(brief, error),
        "traceback": "".join(_printed(traceback.format_exception, error)),
    }


def _printed(how: Callable[[BaseException], T], error: BaseException) -> T | str:
    """Print *error*; an error of the user's own may be broken itself."""
    try:
        return how(error)
    except (Exception, SystemExit) as broken:  # noqa: BLE001 - the others are shown
        return f"{type(error)} cannot be printed, of {type(broken)}"
