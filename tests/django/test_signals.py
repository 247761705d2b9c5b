"""Django's signals of the runs of the default registry."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lifespan_registry import Registry, Status, default_registry, signals
from tests.core.waiting import named, until
from tests.tracked import tracked

SIGNALS = {
    "started": signals.started,
    "stopping": signals.stopping,
    "stopped": signals.stopped,
    "crashed": signals.crashed,
}


@pytest.fixture(autouse=True)
def _disconnect() -> Iterator[None]:
    """No receiver of one test hears of another one."""
    yield
    for signal in SIGNALS.values():
        signal.receivers.clear()
        signal.sender_receivers_cache.clear()


async def test_what_is_sent(default: Registry, log: list[str]) -> None:
    """Each comes once, in its order, with how things were when it happened."""
    heard: list[tuple[str, Any]] = []

    async def hear(signal: Any, sender: object, **given: Any) -> None:
        assert sender is default_registry
        (name,) = [name for name, one in SIGNALS.items() if one is signal]
        heard.append((name, given))

    for signal in SIGNALS.values():
        signal.connect(hear)
    tracked(default, log, "a")
    tracked(default, log, "b")

    async with default.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)

    assert [name for name, _ in heard] == ["started", "crashed", "stopping", "stopped"]
    statuses = [given["report"].status for name, given in heard if name != "crashed"]
    assert statuses == [Status.STARTED, Status.STOPPING, Status.STOPPED]
    crash = heard[1][1]
    assert list(crash) == ["lifespan"]
    assert crash["lifespan"].name == "a"
    assert crash["lifespan"].status is Status.CRASHED


async def test_kinds_of_receivers(default: Registry, log: list[str]) -> None:
    """An async one runs in the event loop, a sync one in a thread; both have values."""
    a = tracked(default, log, "a")
    heard: dict[str, tuple[str, bool]] = {}
    here = threading.current_thread()

    def sync(**_given: object) -> None:
        heard["sync"] = a.get(), threading.current_thread() is here

    async def on_loop(**_given: object) -> None:
        heard["async"] = a.get(), threading.current_thread() is here

    signals.started.connect(sync)
    signals.started.connect(on_loop)

    async with default.run():
        await until(lambda: len(heard) == 2)

    assert heard == {"sync": ("a", False), "async": ("a", True)}


async def test_receivers_that_raise(
    default: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What they raise harms neither the run nor other receivers; Django logs it."""

    def bad(**_given: object) -> None:
        raise ValueError("bad receiver")

    async def worse(**_given: object) -> None:
        raise ValueError("worse receiver")

    def good(**_given: object) -> None:
        log.append("heard")

    for receiver in (bad, worse, good):
        signals.stopped.connect(receiver)
    tracked(default, log, "a")

    async with default.run():
        log.append("up")

    assert log == ["+a", "up", "-a", "heard"]
    failures = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert {one.name for one in failures} == {"django.dispatch"}
    assert sorted(str(one.exc_info and one.exc_info[1]) for one in failures) == [
        "bad receiver",
        "worse receiver",
    ]


async def test_nobody_listens(default: Registry, log: list[str]) -> None:
    """Where there is no receiver, no task is made for one."""
    tracked(default, log, "a")

    async with default.run():
        with pytest.raises(ValueError, match="unpack"):
            named("observers of lifespans")


def test_in_a_thread(default: Registry, log: list[str]) -> None:
    """A run for sync code sends them, too."""
    statuses: list[Status] = []

    def hear(report: Any, **_given: object) -> None:
        statuses.append(report.status)

    for signal in (signals.started, signals.stopped):
        signal.connect(hear)
    tracked(default, log, "a")

    with default.run_in_thread():
        log.append("up")

    assert statuses == [Status.STARTED, Status.STOPPED]


async def test_registry_of_its_own(registry: Registry, log: list[str]) -> None:
    """The signals are those of the default registry alone."""
    tracked(registry, log, "a")
    signals.started.connect(test_nobody_listens)

    async with registry.run():
        with pytest.raises(ValueError, match="unpack"):
            named("observers of lifespans")
