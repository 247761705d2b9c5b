"""The picture of a run is what its script writes, and what a run does."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from lifespan_registry import Registry
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
    """Its lifespans start and stop in the order in which they do in a run."""
    log: list[str] = []

    @registry.on_lifespan
    async def search(http_client: object):  # noqa: ANN202 - as the page has it
        log.append("search starts")
        yield
        log.append("search stops")

    @registry.on_lifespan
    async def http_client():  # noqa: ANN202
        log.append("http_client starts")
        yield
        log.append("http_client stops")

    async with registry.run():
        pass

    told = {"start": "starts", "start with the client": "starts", "stop": "stops"}
    assert log == [
        f"{one.to} {told[one.text]}"
        for one in (*sequence.START, *sequence.STOP)
        if one.who == "run" and one.text in told
    ]
