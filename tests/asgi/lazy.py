"""Requests to an application to which no server has sent lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.asgi.servers import Script, logged
from tests.tracked import Hook

ADVICE = (
    "In a test, start them yourself: async with default_registry.run(): ... For a "
    "server, see in its documentation how it is made to send the lifespan protocol. If "
    "it does send it, put LifespanApplication outermost, for an application around it "
    "keeps the protocol back."
)

WARNING = (
    "WARNING",
    (
        "The first request starts the lifespans, and waits for them: no lifespan "
        f"protocol has come from the server. It is an unknown server. {ADVICE}"
    ),
)


@asynccontextmanager
async def event_loop_ends() -> AsyncIterator[None]:
    """Do at the end of the block what a server does that ends with `asyncio.run`."""
    before = asyncio.all_tasks()
    try:
        yield
    finally:
        tasks = asyncio.all_tasks() - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def send(application: Any, kind: str = "http") -> asyncio.Task[None]:
    """Send a request; return its task, which the client can cancel."""
    server = Script([])
    call = application({"type": kind}, server.receive, server.send)
    return asyncio.get_running_loop().create_task(call)


def in_turn(*hooks: Hook) -> Hook:
    """Return what calls one of *hooks* at each call."""
    rest = iter(hooks)

    def call() -> None:
        next(rest)()

    return call


def warnings(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return what has been logged as a warning, in its order."""
    return [one for one in logged(caplog) if one[0] == "WARNING"]
