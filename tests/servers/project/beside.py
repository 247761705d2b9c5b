"""ASGI applications that are not Django's, beside apps that are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

import django
from django.apps import apps

from lifespan_registry.asgi import LifespanApplication
from tests.servers.project.environment import behaves, note

django.setup()
if behaves("ready-again"):
    # As it happens where tests override INSTALLED_APPS.
    apps.get_app_config("lifespan_registry_daphne").ready()


async def answer(send: Any, what: Any) -> None:
    """Answer an HTTP request."""
    body = json.dumps(what).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def keys(scope: Any) -> list[str] | None:
    """Name what is in the state, if there is any; add to it."""
    if "state" not in scope:
        return None
    found = sorted(map(str, scope["state"]))
    scope["state"]["mine"] = True
    return found


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """Speak no lifespan, as Django does."""
    if scope["type"] != "http":
        raise ValueError(scope["type"])
    await answer(send, os.getpid() if scope["path"] == "/pid/" else keys(scope))


async def speaking(scope: Any, receive: Any, send: Any) -> None:
    """Speak lifespan, without any of this package."""
    if scope["type"] != "lifespan":
        await silent(scope, receive, send)
        return
    await receive()
    if behaves("fail"):
        await send({"type": "lifespan.startup.failed", "message": "no disk"})
        return
    scope["state"]["disk"] = "a disk"
    await send({"type": "lifespan.startup.complete"})
    await receive()
    note("-disk")
    kind = "failed" if behaves("fail-late") else "complete"
    await send({"type": f"lifespan.shutdown.{kind}", "message": "still busy"})


async def linger(scope: Any, receive: Any, send: Any) -> None:
    """Stay, and take some time to end; or tell what has been imported."""
    if scope["path"] in {"/pid/", "/modules/"}:
        is_pid = scope["path"] == "/pid/"
        await answer(send, os.getpid() if is_pid else sorted(sys.modules))
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
    note(f"open {scope['path']}")
    try:
        await asyncio.Event().wait()
    finally:
        while scope["path"] == "/stubborn/":
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await asyncio.sleep(0.2)
        is_open = scope["state"]["database"].is_open
        note(f"closed, with its database {'open' if is_open else 'closed'}")


lingering = LifespanApplication(linger)
