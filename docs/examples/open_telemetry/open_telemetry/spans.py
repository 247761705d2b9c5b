"""Spans made of reports, after the fact."""

import datetime as dt

from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from lifespan_registry import LifespanReport, Report, Status

TOP = Context()
"""No span is above: whatever the receiver's own context has."""


def of_start(tracer: Tracer, report: Report) -> None:
    """Make a span of the start of the whole, and in it one of each that has begun."""
    if report.start_began is None:
        return
    whole = begin(tracer, "start lifespans", report.start_began, TOP, of_whole(report))
    inside = set_span_in_context(whole, TOP)
    for one in report.values():
        if one.start_began is None:
            continue
        span = begin(tracer, f"start {one.name}", one.start_began, inside, of_one(one))
        span.set_attribute("lifespan.is_critical", one.name in report.critical_path)
        # Of one that has not started, the end is when it failed, or was called off.
        ended = one.started_at or one.stopped_at
        if one.status in (Status.FAILED, Status.CRASHED):
            # A crash in a start is what that fails of, and is not told as a crash.
            fail(span, one.error, ended)
        end(span, ended)
    if report.status is Status.FAILED:
        whole.set_status(StatusCode.ERROR, "the start has failed")
    end(whole, report.started_at or report.stop_began)


def of_stop(tracer: Tracer, report: Report) -> None:
    """Make a span of the stop of the whole, and in it one of each that has stopped."""
    if report.stop_began is None:
        return
    whole = begin(tracer, "stop lifespans", report.stop_began, TOP, of_whole(report))
    inside = set_span_in_context(whole, TOP)
    for one in report.values():
        # What has crashed before had no part in the stop.
        if one.stop_began is None or one.stop_began < report.stop_began:
            continue
        span = begin(tracer, f"stop {one.name}", one.stop_began, inside, of_one(one))
        if one.status is not Status.FAILED:
            fail(span, one.error, one.stopped_at)
        end(span, one.stopped_at)
    end(whole, report.stopped_at)


def of_crash(tracer: Tracer, one: LifespanReport) -> None:
    """Make a span of a crash: from that moment until its cleanup was over."""
    if one.stop_began is None:
        return
    span = begin(tracer, f"crash of {one.name}", one.stop_began, TOP, of_one(one))
    fail(span, one.error, one.stop_began)
    end(span, one.stopped_at)


def of_whole(report: Report) -> dict[str, AttributeValue]:
    """Return the attributes of the start or the stop of all."""
    return {
        "lifespan.count": len(report),
        "lifespan.status": report.status.value,
        "lifespan.critical_path": report.critical_path,
    }


def of_one(one: LifespanReport) -> dict[str, AttributeValue]:
    """Return the attributes of the start, the stop or the crash of one."""
    return {
        "lifespan.name": one.name,
        "lifespan.status": one.status.value,
        "lifespan.waits_for": one.waits_for,
        "lifespan.tags": sorted(one.tags),
        "code.file.path": one.origin.file,
        "code.line.number": one.origin.line,
    }


def begin(
    tracer: Tracer,
    name: str,
    moment: dt.datetime,
    context: Context,
    attributes: dict[str, AttributeValue],
) -> Span:
    """Begin a span at a *moment* that is over."""
    return tracer.start_span(
        name, context, attributes=attributes, start_time=nanoseconds(moment)
    )


def fail(span: Span, error: BaseException | None, moment: dt.datetime | None) -> None:
    """Record what went wrong, if anything did."""
    if error is not None:
        span.record_exception(error, timestamp=nanoseconds(moment))
        span.set_status(StatusCode.ERROR, f"{type(error).__name__}: {error}")


def end(span: Span, moment: dt.datetime | None) -> None:
    """End a span at a *moment* that is over; now, where it is not known."""
    span.end(nanoseconds(moment))


def nanoseconds(moment: dt.datetime | None) -> int | None:
    """Return *moment* as OpenTelemetry counts, from 1970 on, where it is known."""
    return None if moment is None else round(moment.timestamp() * 1_000_000) * 1_000
