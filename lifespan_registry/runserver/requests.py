"""The requests that are under way: each is logged, and has an end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

if TYPE_CHECKING:
    from lifespan_registry._application import Application

# Django's own, which runserver's lines come from; it colours them by their status.
logger = logging.getLogger("django.server")

STREAMS = 0.5
"""How many seconds those have at the end that have begun to answer: they may be streams
without an end, and nobody is to wait for these. As long has a websocket."""

ANSWERS = 3.0
"""How many seconds those have at the end that have not begun to answer."""

CLEANING_UP = 2.0
"""How many seconds those have that were cancelled."""

LEVELS = {4: logging.WARNING, 5: logging.ERROR}
"""The levels of Django's lines, by the first digit of the status."""


class Requests:
    """Wraps *application*: gives each request the *state*, logs it, and can end all."""

    def __init__(self, application: Application, state: Mapping[str, Any]) -> None:
        self._application = application
        self._state = state
        self._open: dict[asyncio.Task[Any], _Request] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, or one websocket."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        request = self._open[task] = _Request(scope, send)
        scope["state"] = {**self._state}
        try:
            await self._application(scope, receive, request.send)
        except asyncio.CancelledError:
            if not request.is_cut_off:
                raise
            await request.finish()
        except Exception:
            request.fail()
            raise
        finally:
            del self._open[task]
            request.log()

    async def end(self) -> None:
        """Wait for all that are under way, and cut off those that take too long."""
        await self._wait(STREAMS)
        self._cut_off(has_begun=True)
        await self._wait(ANSWERS)
        self._cut_off(has_begun=False)
        await self._wait(CLEANING_UP)

    async def _wait(self, seconds: float) -> None:
        if self._open:
            await asyncio.wait((*self._open,), timeout=seconds)

    def _cut_off(self, *, has_begun: bool) -> None:
        for task, request in self._open.items():
            if request.has_begun or not has_begun:
                request.is_cut_off = True
                task.cancel()


class _Request:
    """A request, and what has been answered."""

    def __init__(self, scope: Any, send: Any) -> None:
        self._scope = scope
        self._send = send
        self._status: int | None = None
        self._size = 0
        self._is_complete = False
        self.is_cut_off = False

    @property
    def has_begun(self) -> bool:
        """Whether it may go on without an end: an answer has begun, or a websocket."""
        return self._status is not None or self._scope["type"] == "websocket"

    async def send(self, message: Any) -> None:
        """Pass *message* on, and note what it says."""
        await self._send(message)
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self._status = message["status"]
            case "http.response.body" | "websocket.http.response.body":
                self._size += len(message.get("body", b""))
                self._is_complete = not message.get("more_body", False)
            case "websocket.accept":
                self._status = HTTPStatus.SWITCHING_PROTOCOLS
            case "websocket.close" if self._status is None:
                self._status = HTTPStatus.FORBIDDEN
            case _:
                pass

    def fail(self) -> None:
        """Note that the application has raised, for which the server answers."""
        self._status = self._status or HTTPStatus.INTERNAL_SERVER_ERROR

    async def finish(self) -> None:
        """Answer in place of the application, so that the client knows of the end."""
        if self._scope["type"] != "http" or self._is_complete:
            return
        # More may have been promised in a content-length, which the server then tells.
        with contextlib.suppress(Exception):
            if self._status is None:
                headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
                await self.send(
                    {
                        "type": "http.response.start",
                        "status": HTTPStatus.SERVICE_UNAVAILABLE,
                        "headers": headers,
                    }
                )
            await self.send({"type": "http.response.body"})

    def log(self) -> None:
        """Log it, as runserver does."""
        scope, status = self._scope, self._status
        if status is None:
            # The client has gone.
            return
        path = quote(scope["path"], safe="/%:;@&=+$,!~*'()")
        if query := scope.get("query_string"):
            path += "?" + query.decode("latin-1")
        method = scope.get("method", "GET")
        logger.log(
            LEVELS.get(status // 100, logging.INFO),
            '"%s %s HTTP/%s" %s %s',
            method,
            path,
            scope.get("http_version", "1.1"),
            status,
            self._size,
            extra={
                "status_code": status,
                "server_time": time.strftime("%d/%b/%Y %H:%M:%S"),
            },
        )
