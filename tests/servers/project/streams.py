"""Answers without an end, beside Django: what an open page in a browser asks for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from tests.servers.project.asgi import django_application
from tests.servers.project.environment import note


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """Begin to answer, and never end."""
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send(
        {"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True}
    )
    note("open stream")
    try:
        await asyncio.Event().wait()
    finally:
        note("closed stream")


async def promise(scope: Any, receive: Any, send: Any) -> None:
    """Promise more than is ever sent."""
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    note("open promise")
    await asyncio.Event().wait()


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Never hear that the client has gone."""
    await receive()
    await send({"type": "websocket.accept"})
    note("open websocket")
    try:
        await asyncio.Event().wait()
    finally:
        note("closed websocket")


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Take no websocket."""
    await receive()
    await send({"type": "websocket.close"})


async def wait(scope: Any, receive: Any, send: Any) -> None:
    """Never begin to answer."""
    note("open wait")
    try:
        await asyncio.Event().wait()
    finally:
        note("closed wait")


async def stubborn(scope: Any, receive: Any, send: Any) -> None:
    """Ignore a cancellation."""
    note("open stubborn")
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def thread(scope: Any, receive: Any, send: Any) -> None:
    """Be in a thread for long."""
    note("open thread")
    await asyncio.to_thread(time.sleep, 25)


async def block(scope: Any, receive: Any, send: Any) -> None:
    """Block the event loop."""
    note("open block")
    time.sleep(60)  # noqa: ASYNC251


async def broken(scope: Any, receive: Any, send: Any) -> None:
    """Raise."""
    message = "broken"
    raise ValueError(message)


BESIDE = {
    f"/{application.__name__}/": application
    for application in (
        block,
        broken,
        promise,
        refuse,
        stream,
        stubborn,
        thread,
        wait,
        websocket,
    )
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Send a scope where it belongs; no lifespans are around this."""
    await BESIDE.get(scope["path"], django_application)(scope, receive, send)
