"""What a line of the log says of the trace that it belongs to."""

from opentelemetry import baggage, trace
from structlog.typing import EventDict


def add_trace(logger: object, method: str, event: EventDict) -> EventDict:
    """Add the baggage of OpenTelemetry's context, and the trace if there is one."""
    event.update(baggage.get_all())
    if (span := trace.get_current_span().get_span_context()).is_valid:
        event["trace"] = trace.format_trace_id(span.trace_id)
    return event
