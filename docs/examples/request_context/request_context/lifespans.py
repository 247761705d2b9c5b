"""What is set and opened before the first request, and closed after the last."""

import os
from collections.abc import AsyncIterator, Iterator

import structlog
from django.conf import settings
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from structlog.contextvars import bound_contextvars

from lifespan_registry import on_lifespan

log = structlog.get_logger()

# These start before all others, and stop after them. What they set in context variables
# is seen by all that come later: other lifespans, and every request.


@on_lifespan(before="*")
async def log_context() -> AsyncIterator[None]:
    """Have each line of the log say which process has written it."""
    with bound_contextvars(worker=os.getpid()):
        yield


@on_lifespan(before="*")
async def trace_context() -> AsyncIterator[None]:
    """Have OpenTelemetry's context say which release this is."""
    token = context.attach(baggage.set_baggage("release", settings.RELEASE))
    yield
    context.detach(token)


@on_lifespan(before="*")
def tracer() -> Iterator[trace.Tracer]:
    """Export spans in the background, and at the stop those that are left.

    It is sync, and so in a thread of its own: the last export may wait for a network.
    """
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = ConsoleSpanExporter(formatter=lambda span: span.to_json(None) + "\n")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    yield provider.get_tracer(__name__)
    provider.shutdown()


@on_lifespan
async def shop(tracer: trace.Tracer) -> AsyncIterator[None]:
    """Stand for any that logs and traces when it starts and when it stops."""
    with tracer.start_as_current_span("open the shop"):
        log.info("open")
    yield
    with tracer.start_as_current_span("close the shop"):
        log.info("closed")
