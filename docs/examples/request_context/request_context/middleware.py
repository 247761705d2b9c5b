"""A span and a line of the log for each request."""

from collections.abc import Awaitable, Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import async_only_middleware

from request_context.lifespans import tracer

log = structlog.get_logger()


@async_only_middleware
def logged(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponse]],
) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Trace what happens in a request, and say in the log how it has ended."""

    async def middleware(request: HttpRequest) -> HttpResponse:
        with tracer.get().start_as_current_span(f"{request.method} {request.path}"):
            response = await get_response(request)
            log.info("answered", path=request.path, status=response.status_code)
        return response

    return middleware
