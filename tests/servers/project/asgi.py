"""The ASGI application of the project: Django, and plain applications beside it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from django.core.asgi import get_asgi_application

from lifespan_registry.asgi import LifespanApplication
from tests.servers.project.environment import note
from tests.servers.project.lifespans import database

django_application = get_asgi_application()


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Tell which object the state leads to, and close."""
    await receive()
    await send({"type": "websocket.accept"})
    if "mine" in scope["state"]:
        note("the addition of another websocket")
    scope["state"]["mine"] = "a websocket"
    text = json.dumps([scope["state"]["database"].identity, database.get().identity])
    await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close"})


async def background(scope: Any, receive: Any, send: Any) -> None:
    """Go on for ever, even if the client goes away."""
    note("background")
    await asyncio.Event().wait()


async def dispatch(scope: Any, receive: Any, send: Any) -> None:
    """Send a scope where it belongs."""
    beside = {"/websocket/": websocket, "/background/": background}
    application = beside.get(scope.get("path"), django_application)
    await application(scope, receive, send)


application = LifespanApplication(dispatch)
