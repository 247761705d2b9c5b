"""Signals of Django: what a project needs for metrics and alarms of its own.

`started`, `stopping` and `stopped` are sent with a `report` of the run, `crashed` with
a `lifespan`, the `LifespanReport` of the one that has. Their sender is the registry,
`default_registry`.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

from lifespan_registry._core.registry import default_registry

if TYPE_CHECKING:
    from lifespan_registry._core.telling import Event, Observed

__all__ = ["crashed", "started", "stopped", "stopping"]

started = Signal()
"""All lifespans have started. Is sent with `report`."""

stopping = Signal()
"""The stop begins, as `Run.stopping` has it. Is sent with `report`."""

stopped = Signal()
"""The stop is over, or the unwinding of a start that has failed; with `report`."""

crashed = Signal()
"""A lifespan has ended while it was to stay up, cleanup included; with `lifespan`."""

_SIGNALS: dict[Event, Signal] = {
    "started": started,
    "stopping": stopping,
    "stopped": stopped,
    "crashed": crashed,
}


def send(
    event: Event, run: Observed, name: str | None
) -> Coroutine[Any, Any, Any] | None:
    """Send the signal of *event*: an observer of the registry, which the app adds.

    Django logs what receivers raise, calls sync ones in a thread and async ones in the
    event loop: none of them blocks it.
    """
    signal = _SIGNALS[event]
    if not signal.has_listeners(default_registry):
        return None
    # What it is told is how things stand now, whenever it is called.
    report = run.report
    if name is None:
        return signal.asend_robust(default_registry, report=report)
    return signal.asend_robust(default_registry, lifespan=report[name])
