"""Whether this process can serve, and whether it is worth keeping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from lifespan_registry._core.registry import default_registry
from lifespan_registry._core.report import Status

if TYPE_CHECKING:
    from lifespan_registry._core.registry import Registry
    from lifespan_registry._core.report import Report

__all__ = ["Health", "health"]

WORDS = {
    Status.WAITING: "the lifespans have not been started",
    Status.STARTING: "the lifespans are starting",
    Status.STOPPING: "the lifespans are being stopped",
    Status.STOPPED: "the lifespans have been stopped",
    Status.FAILED: "the lifespans have failed to start",
    Status.CRASHED: "a lifespan has crashed",
}
"""What keeps a process from serving, of the whole; all others are ready."""

WORST_FIRST = (
    *(Status.CRASHED, Status.STOPPED, Status.FAILED, Status.STOPPING),
    *(Status.WAITING, Status.STARTING, Status.STARTED),
)


class Health(NamedTuple):
    """What is to be said to who asks: `reasons` has names, and no text of an error."""

    status: Status
    reasons: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Whether requests may come: all have started, none has crashed or stops."""
        return self.status is Status.STARTED

    @property
    def is_live(self) -> bool:
        """Whether the process is worth keeping: only a restart helps after a crash.

        The same is true where it goes on when its lifespans have been stopped.
        """
        return self.status not in (Status.CRASHED, Status.STOPPED)


def health(registry: Registry = default_registry) -> Health:
    """Tell how the runs of *registry* in this process are; the worst one counts."""
    reports = registry.reports()
    statuses = {report.status for report in reports}
    if statuses == {Status.WAITING} and not len(registry):
        # There is nothing to start, and nothing to wait for.
        return Health(Status.STARTED, ())
    reasons = dict.fromkeys(reason for one in reports for reason in _reasons(one))
    return Health(min(statuses, key=WORST_FIRST.index), tuple(reasons))


def _reasons(report: Report) -> Iterator[str]:
    if report.status is Status.STARTED:
        return
    yield WORDS[report.status]
    for one in report.values():
        if one.status in (Status.STARTING, Status.FAILED, Status.CRASHED):
            how = {Status.STARTING: "is starting", Status.FAILED: "has failed to start"}
            yield f"{one.name!r} {how.get(one.status, 'has crashed')}"
