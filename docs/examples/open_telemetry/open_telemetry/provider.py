"""The tracer provider of this process."""

import functools
import uuid

from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter


@functools.cache
def provider() -> TracerProvider:
    """Make the provider at the first call, and return the same one from then on.

    That call is made in the process that runs the lifespans. A provider has a thread:
    made at an import, it would be there in every command, too.
    """
    resource = Resource.create(
        {SERVICE_NAME: "shop", SERVICE_INSTANCE_ID: str(uuid.uuid4())}
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = ConsoleSpanExporter(formatter=lambda span: span.to_json(None) + "\n")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def shut_down() -> None:
    """Export what is left, and let a later run make a provider of its own."""
    last = provider()
    provider.cache_clear()
    last.shutdown()
