"""Observers of a registry: they are told what happens in its runs, and do no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import pytest

from lifespan_registry import Registry, Status
from lifespan_registry._core import telling
from lifespan_registry._core.definition import Limits
from lifespan_registry._core.run import inside
from lifespan_registry._core.telling import Event, Observed
from lifespan_registry.exceptions import PlanError, StartupError
from tests.core.serving import Serving
from tests.core.waiting import Gate, errors, named, until
from tests.tracked import boom, tracked

Heard = list[tuple[Event, str | None, Status]]


@pytest.fixture(name="heard")
def _heard(registry: Registry) -> Heard:
    """What the observers of the registry hear, at once and later."""
    heard: Heard = []

    def hear(event: Event, run: Observed, name: str | None) -> None:
        heard.append((event, name, run.report.status))

    registry.observe(hear)
    registry.observe(hear)
    return heard


async def test_from_start_to_stop(
    registry: Registry, log: list[str], heard: Heard
) -> None:
    """They are told when all have started, when the stop begins, when it is over."""
    gate = Gate()
    tracked(registry, log, "a", leave=gate.wait)

    async def let_it_stop() -> None:
        await until(lambda: gate.reached)
        assert [event for event, _, _ in heard] == ["started", "stopping"]
        gate.open()

    async with asyncio.TaskGroup() as tasks, registry.run():
        assert heard == [("started", None, Status.STARTED)]
        tasks.create_task(let_it_stop())

    assert [event for event, _, _ in heard] == ["started", "stopping", "stopped"]
    assert heard[-1][2] is Status.STOPPED


async def test_stop_that_is_announced(
    registry: Registry, log: list[str], heard: Heard
) -> None:
    """The stop begins when it is announced, and does so once."""
    tracked(registry, log, "a")

    async with registry.run() as run:
        for _ in range(2):
            run.announce_stop()
        await run.stopping.wait()
        assert heard[1:] == [("stopping", None, Status.STOPPING)]

    assert [event for event, _, _ in heard] == ["started", "stopping", "stopped"]


async def test_crash(registry: Registry, log: list[str], heard: Heard) -> None:
    """They are told who has crashed, when all is known of it, its end too."""
    tracked(registry, log, "a")
    ends: list[bool] = []

    def look(event: str, run: Observed, name: str | None) -> None:
        if event == "crashed":
            assert name is not None
            one = run.report[name]
            ends.append(one.error is not None and one.stopped_at is not None)

    registry.observe(look)
    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        assert heard[1:] == [("crashed", "a", Status.CRASHED)]
    assert ends == [True]


async def test_failed_start(registry: Registry, log: list[str], heard: Heard) -> None:
    """A start that fails is never told as one; that it has been unwound is."""
    tracked(registry, log, "a", enter=boom())

    with pytest.raises(StartupError):
        await registry.run().__aenter__()

    assert heard == [
        ("stopping", None, Status.FAILED),
        ("stopped", None, Status.FAILED),
    ]


async def test_plan_that_cannot_be_ordered(
    registry: Registry, log: list[str], heard: Heard
) -> None:
    """Where nothing could be entered, there is nothing to tell."""
    tracked(registry, log, "a", requires="nobody")

    with pytest.raises(PlanError):
        await registry.run().__aenter__()

    assert heard == []


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
async def test_observers_that_raise(
    registry: Registry,
    log: list[str],
    heard: Heard,
    caplog: pytest.LogCaptureFixture,
    kind: type[BaseException],
) -> None:
    """What they raise, at once or in a coroutine, is logged and does no harm."""

    async def fail() -> None:
        raise kind

    def observer(
        event: Event, run: Observed, name: str | None
    ) -> Coroutine[Any, Any, None] | None:
        if event == "stopping":
            raise kind
        return fail()

    registry.observe(observer)
    tracked(registry, log, "a")

    async with registry.run():
        log.append("up")

    assert log == ["+a", "up", "-a"]
    assert [event for event, _, _ in heard] == ["started", "stopping", "stopped"]
    assert errors(caplog) == ["an observer of the lifespans has raised"] * 3


async def test_log_that_raises(
    registry: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a log that raises at what an observer has raised does any harm."""
    tracked(registry, log, "a")
    registry.observe(boom())  # that it takes arguments is its own error
    logger = logging.getLogger("lifespan_registry")
    monkeypatch.setattr(logger, "error", boom())

    async with registry.run():
        log.append("up")

    assert log == ["+a", "up", "-a"]


async def test_coroutines(registry: Registry, log: list[str]) -> None:
    """They run in their order, beside the run and inside it; its end waits for them."""
    gate = Gate()

    async def work(event: Event) -> None:
        await gate.wait()
        assert inside.get() is run
        log.append(event)

    registry.observe(lambda event, run, name: work(event))
    tracked(registry, log, "a", leave=gate.open)

    run = registry.run()
    async with run:
        await until(lambda: gate.reached)
        log.append("up")

    assert log == ["+a", "up", "-a", "started", "stopping", "stopped"]


async def test_hung_coroutine(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that does not end has the time of a stop; then a warning gives it up."""
    monkeypatch.setattr(telling, "GRACE", 0.05)
    registry.limits = Limits(shutdown=0.05)
    gate = Gate()
    registry.observe(lambda event, run, name: gate.insist())
    tracked(registry, log, "a")

    async with registry.run():
        task = named("observers of lifespans")
    assert not task.done()
    gate.open()
    await asyncio.wait((task,))

    assert log == ["+a", "-a"]
    assert (
        "Observers of the lifespans have not come to an end within 0.05 s of the stop: "
        "they are cancelled."
    ) in caplog.messages


async def test_cancelled_while_it_waits(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A cancellation cancels the coroutines, too, and is raised."""
    registry.limits = Limits(shutdown=float("inf"))
    gate = Gate()
    registry.observe(lambda event, run, name: gate.wait())
    tracked(registry, log, "a")
    serving = Serving(registry, log)
    await until(lambda: gate.reached)
    serving.stop.set()
    await until(lambda: serving.run.report.status is Status.STOPPED)
    serving.cancel("own")
    await serving.over()

    assert log == ["+a", "up", "-a"]
    assert caplog.messages == []
