"""What a run logs: lines for people, and extras for machines."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry._core import conductor, failures, watch
from lifespan_registry.exceptions import PlanError, ShutdownError, StartupError
from tests.core.serving import Serving
from tests.core.waiting import Gate, named, until
from tests.tracked import boom, tracked

EXTRAS = (
    *("phase", "lifespan", "seconds", "count", "critical_path", "waits_for"),
    "failed",
)

Said = list[tuple[str, dict[str, Any]]]


@pytest.fixture(name="said")
def _said(caplog: pytest.LogCaptureFixture) -> Callable[[], Said]:
    """Return what has been logged so far; numbers are N in texts, and checked."""
    caplog.set_level(logging.INFO, "lifespan_registry")

    def said() -> Said:
        found: Said = []
        ours = [one for one in caplog.records if one.name == "lifespan_registry"]
        for record in ours:
            given = vars(record)
            extras = {name: given[name] for name in EXTRAS if name in given}
            if "seconds" in extras:
                assert 0 <= extras.pop("seconds") < 60
                extras["timed"] = True
            text = re.sub(r"\d+\.\d+ s", "N s", record.getMessage())
            found.append((re.sub(r"(?m) \([^()]*:\d+\)", "", text), extras))
        return found

    return said


def one(phase: str, name: str) -> dict[str, Any]:
    """Return the extras of a record about one lifespan."""
    return {"phase": phase, "lifespan": name}


async def test_lines_and_summaries(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """One line for each, and one for all: the start has its critical path."""
    tracked(registry, log, "settings")
    tracked(registry, log, "database", requires="settings")
    tracked(registry, log, "search", requires="database")

    async with registry.run():
        pass

    names = "settings", "database", "search"
    assert said() == [
        *(
            (f"started {name} in N s", {**one("start", name), "timed": True})
            for name in names
        ),
        (
            "3 lifespans started in N s, critical path settings → database → search",
            {"phase": "start", "count": 3, "critical_path": names, "timed": True},
        ),
        *(
            (f"stopped {name} in N s", {**one("stop", name), "timed": True})
            for name in reversed(names)
        ),
        ("3 lifespans stopped in N s", {"phase": "stop", "count": 3, "timed": True}),
    ]


async def test_path_of_one(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """Where nobody has waited for another one, the line says nothing of a path."""
    tracked(registry, log, "a")

    async with registry.run():
        text, extras = said()[-1]

    assert text == "1 lifespan started in N s"
    assert extras["critical_path"] == ("a",)


async def test_slow(
    registry: Registry,
    log: list[str],
    said: Callable[[], Said],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The extras name those that a slow start or stop waits for."""
    monkeypatch.setattr(watch, "REPORT_EVERY", 0.02)
    gates = {phase: Gate() for phase in ("start", "stop")}
    tracked(registry, log, "a", enter=gates["start"].wait, leave=gates["stop"].wait)

    async def open_when_told() -> None:
        for phase, gate in gates.items():
            extras = {"phase": phase, "waits_for": ("a",), "timed": True}
            await until(lambda extras=extras: extras in [found for _, found in said()])
            gate.open()

    telling = asyncio.create_task(open_when_told())
    async with registry.run():
        log.append("up")
    await telling

    assert log == ["+a", "up", "-a"]


async def test_log_breaks_at_a_slow_start(
    registry: Registry,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log that raises at the report of a slow start ends it, and all is unwound."""
    monkeypatch.setattr(watch, "REPORT_EVERY", 0.02)
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=gate.wait)
    logger = logging.getLogger("lifespan_registry")

    def full(record: logging.LogRecord) -> bool:
        log.append(record.getMessage().partition(" has ")[0])
        raise OSError("no space left for the log")

    monkeypatch.setattr(logger, "filters", [full])
    with pytest.raises(OSError, match="no space left"):
        await registry.run().__aenter__()

    assert log == ["+a", "the start of the lifespans", "-a"]


async def test_overdue_stop(
    registry: Registry,
    log: list[str],
    said: Callable[[], Said],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each record of one whose time is up names it; so does that of the failed stop."""
    monkeypatch.setattr(conductor, "GRACE", 0.05)
    gate = Gate()
    tracked(registry, log, "deaf", leave=gate.insist, shutdown_timeout=0.05)

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            left = named("lifespan deaf")
    failures.log_failure(caught.value)
    gate.open()
    await asyncio.wait((left,))

    assert [text for text, found in said() if found == one("stop", "deaf")] == [
        "'deaf' takes too long to stop: cancelling it",
        "'deaf' is given up, and left behind: it ignores its cancellation",
    ]
    assert said()[-1][1] == {"phase": "stop", "failed": ("deaf",)}


async def test_failed_start(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """A start that fails names those of which it has failed, and those called off."""
    gate = Gate()
    tracked(registry, log, "a", leave=boom("no end"))
    tracked(registry, log, "late", startup_timeout=0.01, enter=gate.wait)
    tracked(registry, log, "other", enter=gate.wait)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    failures.log_failure(caught.value)

    assert said()[1:] == [
        ("'late' takes too long to start: giving up the start", one("start", "late")),
        (
            "called off the start of other after N s",
            {**one("start", "other"), "timed": True},
        ),
        ("stopped a in N s", {**one("stop", "a"), "timed": True}),
        (said()[-2][0], {"phase": "start", "failed": ("late",)}),
        ("while cleaning up: 'a'", one("stop", "a")),
    ]


async def test_crash(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """A crash has a phase of its own, and says how long the lifespan was up."""
    tracked(registry, log, "a")

    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        assert said()[-1][1] == {**one("crash", "a"), "timed": True}


async def test_crash_without_a_limit(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """A cleanup that may take for ever is promised no end."""
    tracked(registry, log, "a", shutdown_timeout=math.inf)

    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        assert said()[-2][0].endswith("follows when its cleanup is over")


async def test_failed_stop_of_who_is_cancelled(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """What is logged because a cancellation is raised in its place has extras, too."""
    tracked(registry, log, "a", leave=boom())
    serving = Serving(registry, log)
    await until(lambda: "up" in log)
    serving.cancel("own")
    await serving.over()

    assert said()[-1][1] == {"phase": "stop", "failed": ("a",)}


def test_plan_that_cannot_be_ordered(
    registry: Registry, log: list[str], said: Callable[[], Said]
) -> None:
    """What is no lifespan's failure has no extras."""
    tracked(registry, log, "a", requires="nobody")
    with pytest.raises(PlanError) as caught:
        registry.plan()

    failures.log_failure(caught.value)

    assert said()[-1][1] == {}
