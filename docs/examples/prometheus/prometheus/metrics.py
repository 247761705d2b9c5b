"""What Prometheus is told of starts, stops and crashes.

Django calls the receivers in a thread: the event loop does not wait for them.
"""

import os

from django.dispatch import receiver
from prometheus_client import Counter, Gauge, Histogram, multiprocess

from lifespan_registry import LifespanReport, Report, Status
from lifespan_registry.signals import crashed, started, stopped, stopping

IS_SHARED = "PROMETHEUS_MULTIPROC_DIR" in os.environ
"""Whether the worker processes keep their metrics together, in a directory."""

LIMITS = (0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

# Gauges are of the workers that live. Histograms and the counter outlive them, where
# they are shared.

START = Gauge(
    "lifespan_start_seconds",
    "How long the start of the lifespan took; of several workers, the slowest",
    ["lifespan"],
    multiprocess_mode="livemax",
)
START_OF_ALL = Gauge(
    "lifespans_start_seconds",
    "How long the start of all lifespans took; of several workers, the slowest",
    multiprocess_mode="livemax",
)
STOP = Histogram(
    "lifespan_stop_seconds",
    "How long the stops of the lifespan took",
    ["lifespan"],
    buckets=LIMITS,
)
STOP_OF_ALL = Histogram(
    "lifespans_stop_seconds",
    "How long the stops of all lifespans took",
    buckets=LIMITS,
)
CRASHES = Counter(
    "lifespan_crashes",
    "How often the lifespan has ended while it was to stay up",
    ["lifespan"],
)
STATUS = Gauge(
    "lifespan_status",
    "In how many workers the lifespan has the status",
    ["lifespan", "status"],
    multiprocess_mode="livesum",
)


@receiver(started)
def note_start(report: Report, **kwargs: object) -> None:
    """Note how long it took, all in all and one by one."""
    if report.started_in is not None:
        START_OF_ALL.set(report.started_in)
    for one in report.values():
        if one.startup_seconds is not None:
            START.labels(one.name).set(one.startup_seconds)
        # At zero from the start: of a counter that appears with its first crash,
        # Prometheus sees no increase.
        CRASHES.labels(one.name)
    note_status(report)


@receiver(crashed)
def note_crash(lifespan: LifespanReport, **kwargs: object) -> None:
    """Count it."""
    CRASHES.labels(lifespan.name).inc()
    note_status_of(lifespan)


@receiver(stopping)
def note_stopping(report: Report, **kwargs: object) -> None:
    """Say that the stop has begun: with open streams it may take a while."""
    note_status(report)


@receiver(stopped)
def note_stop(report: Report, **kwargs: object) -> None:
    """Note how long it took, for the workers that go on."""
    if report.stopped_in is not None:
        STOP_OF_ALL.observe(report.stopped_in)
    for one in report.values():
        if one.shutdown_seconds is not None and one.status is not Status.CRASHED:
            STOP.labels(one.name).observe(one.shutdown_seconds)
    note_status(report)
    if IS_SHARED:
        # Takes its gauges out of the directory; the others stay.
        multiprocess.mark_process_dead(os.getpid())


def note_status(report: Report) -> None:
    """Note the status of each."""
    for one in report.values():
        note_status_of(one)


def note_status_of(one: LifespanReport) -> None:
    """Note 1 for the status that it has, and 0 for the others."""
    for status in Status:
        STATUS.labels(one.name, status.value).set(one.status is status)
