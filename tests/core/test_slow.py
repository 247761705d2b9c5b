"""A slow start and a slow stop say what they wait for."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core import watch
from tests.core.waiting import Gate, both, place, until
from tests.tracked import tracked


@pytest.fixture(autouse=True)
def _report_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wants to wait five seconds for a report."""
    monkeypatch.setattr(watch, "REPORT_EVERY", 0.02)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what has been said, with the seconds taken out."""
    return [
        re.sub(r"\d+\.\d", "N", record.getMessage())
        for record in caplog.records
        if record.name == "lifespan_registry" and record.levelno == logging.WARNING
    ]


@both
async def test_slow_start(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture, *, sync: bool
) -> None:
    """The log names those that are entering, with their place and where they wait."""
    gate = Gate()

    async def slow() -> AsyncIterator[None]:
        yield await gate.wait()

    def sync_slow() -> Iterator[None]:
        yield gate.block()

    function = sync_slow if sync else slow
    tracked(registry, log, "a", sync=sync)
    registry.on_lifespan(name="slow", requires="a")(function)
    tracked(registry, log, "b", sync=sync, requires="slow")
    text = (
        "the start of the lifespans has taken N s so far; it waits for:\n"
        f"    'slow' ({place(function)}), now at {place(function, 1)}"
    )

    async def open_when_told_twice() -> None:
        await until(lambda: warnings(caplog).count(text) == 2)
        gate.open()

    task = asyncio.create_task(open_when_told_twice())
    async with registry.run():
        await task
        log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]


@both
async def test_slow_stop(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture, *, sync: bool
) -> None:
    """The log names those that are exiting, and not those that wait for their turn."""
    gate = Gate()

    async def slow() -> AsyncIterator[None]:
        yield
        await gate.wait()

    def sync_slow() -> Iterator[None]:
        yield
        gate.block()

    function = sync_slow if sync else slow
    tracked(registry, log, "a", sync=sync)
    registry.on_lifespan(name="slow", requires="a")(function)
    tracked(registry, log, "b", sync=sync, requires="slow")
    text = (
        "the stop of the lifespans has taken N s so far; it waits for:\n"
        f"    'slow' ({place(function)}), now at {place(function, 2)}"
    )

    async def open_when_told_twice() -> None:
        await until(lambda: warnings(caplog).count(text) == 2)
        gate.open()

    task = asyncio.create_task(open_when_told_twice())
    async with registry.run():
        log.append("up")
    await task

    assert log == ["+a", "+b", "up", "-b", "-a"]


async def test_no_report_beside_an_end_of_patience(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due together is told once: that somebody's time is up."""
    monkeypatch.setattr(watch, "REPORT_EVERY", 5)
    monkeypatch.setattr(watch, "BLOCKED", math.inf)
    slow = watch.Watch(
        lambda place: True,
        lambda place: log.append(f"{place} is overdue"),
        lambda seconds: log.append("report"),
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    slow.expect(7, 5)
    for seconds in (6, 12):
        monkeypatch.setattr(loop, "time", lambda now=began + seconds: now)
        slow.ring()
        await slow.pause()

    assert log == ["7 is overdue", "report"]


async def test_quick_ones_say_nothing(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A start and a stop that take no time warn of nothing."""
    monkeypatch.setattr(watch, "REPORT_EVERY", 5)
    tracked(registry, log, "a")

    async with registry.run():
        log.append("up")

    assert warnings(caplog) == []
    assert log == ["+a", "up", "-a"]
