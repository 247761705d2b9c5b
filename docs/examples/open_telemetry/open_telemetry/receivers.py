"""What has spans made when lifespans have started, stopped or crashed.

Django calls these in a thread: the event loop does not wait for them.
"""

from django.dispatch import receiver

from lifespan_registry import LifespanReport, Report, Status
from lifespan_registry.signals import crashed, started, stopped
from open_telemetry import spans
from open_telemetry.provider import provider, shut_down


@receiver(started)
def trace_start(report: Report, **kwargs: object) -> None:
    """Leave the spans of the start to the thread that exports."""
    spans.of_start(provider().get_tracer(__name__), report)


@receiver(crashed)
def trace_crash(lifespan: LifespanReport, **kwargs: object) -> None:
    """Do the same for the span of a crash."""
    spans.of_crash(provider().get_tracer(__name__), lifespan)


@receiver(stopped)
def trace_stop(report: Report, **kwargs: object) -> None:
    """Export the last spans; the end of the run waits for that."""
    tracer = provider().get_tracer(__name__)
    if report.status is Status.FAILED:
        # That was never told as a start.
        spans.of_start(tracer, report)
    spans.of_stop(tracer, report)
    shut_down()
