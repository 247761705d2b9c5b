"""Views that log, and do not care what else is in the line."""

import structlog
from django.http import HttpRequest, JsonResponse
from opentelemetry import baggage
from structlog.contextvars import get_contextvars

log = structlog.get_logger()


async def index(request: HttpRequest) -> JsonResponse:
    """Log in the event loop."""
    log.info("hello")
    return answer()


def index_sync(request: HttpRequest) -> JsonResponse:
    """Log in a sync view, which is in a thread."""
    log.info("hello")
    return answer()


def answer() -> JsonResponse:
    """Show what has reached the request."""
    return JsonResponse({**get_contextvars(), **baggage.get_all()})
