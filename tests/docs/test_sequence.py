"""The picture of a run is what its script writes, and what a run does."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from tests.docs import sequence


def test_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is what ``python -m tests.docs.sequence`` writes."""
    file = tmp_path / "run.svg"
    monkeypatch.setattr(sys, "argv", ["sequence", str(file)])
    monkeypatch.delitem(sys.modules, "tests.docs.sequence")

    runpy.run_module("tests.docs.sequence", run_name="__main__")

    drawn = sequence.FILE.read_text(encoding="utf-8")
    assert file.read_text(encoding="utf-8") == drawn


async def test_order(registry: Registry) -> None:
    """What a server, the lifespans and the view see is what the picture has of it."""
    log: list[tuple[str, str, str]] = []

    @registry.on_lifespan
    async def search(http_client: object):  # noqa: ANN202 - as the page has it
        assert http_client == "a client"
        log.append(("run", "search", "start with the client"))
        log.append(("search", "run", "yields"))
        yield "a search"
        log.append(("run", "search", "stop"))
        log.append(("search", "run", "has ended"))

    @registry.on_lifespan
    async def http_client():  # noqa: ANN202
        log.append(("run", "http_client", "start"))
        log.append(("http_client", "run", "yields"))
        yield "a client"
        log.append(("run", "http_client", "stop"))
        log.append(("http_client", "run", "has ended"))

    async def view(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        assert scope["state"]["search"] == "a search"
        log.append(("wrapper", "view", "the same request, with the state"))
        log.append(("view", "search", "search.get()"))
        assert search.get() == "a search"
        await send({"type": "http.response.start", "status": 204})

    async def receive() -> dict[str, str]:
        if log:
            await request()
        kind = "lifespan.shutdown" if log else "lifespan.startup"
        log.append(("server", "wrapper", kind))
        return {"type": kind}

    async def request() -> None:
        log.append(("server", "wrapper", "request"))
        await application({"type": "http", "state": {**state}}, receive, send)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            log.append(("view", "server", "response"))
        else:
            told = message["type"].removeprefix("lifespan.")
            log.append(("wrapper", "server", told))

    application: Any = LifespanApplication(view, registry=registry)
    state: dict[str, Any] = {}
    await application({"type": "lifespan", "state": state}, receive, send)

    # What these two say to each other nobody else sees.
    inside = {"wrapper", "run"}
    assert log == [one for one in sequence.ALL if {one.who, one.to} != inside]
