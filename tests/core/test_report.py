"""The report of a run: what has happened so far, as a whole and one by one."""

from __future__ import annotations

import asyncio
import datetime as dt
import math

import pytest

from lifespan_registry import LifespanReport, Registry, Report, Status
from lifespan_registry._core.definition import Limits
from lifespan_registry.exceptions import PlanError, StartupError
from tests.core.serving import Serving
from tests.core.waiting import Gate, named, until
from tests.tracked import boom, tracked


async def test_whole_from_start_to_stop(registry: Registry, log: list[str]) -> None:
    """The status of the whole goes with the run; what it took is there at its end."""
    gates = Gate(), Gate()
    tracked(registry, log, "a", enter=gates[0].wait, leave=gates[1].wait)
    run = registry.run()
    reports = [run.report]

    async def watch() -> None:
        for gate in gates:
            await until(lambda gate=gate: gate.reached)
            reports.append(run.report)
            gate.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        async with run:
            reports.append(run.report)
    reports.append(run.report)

    assert [one.status for one in reports] == [
        Status.WAITING,
        Status.STARTING,
        Status.STARTED,
        Status.STOPPING,
        Status.STOPPED,
    ]
    has_started = [one.started_in is not None for one in reports]
    assert has_started == [False, False, True, True, True]
    assert [one.stopped_in is None for one in reports] == [True] * 4 + [False]
    paths = [one.critical_path for one in reports]
    assert paths == [(), (), ("a",), ("a",), ("a",)]
    moments = [
        (one.start_began, one.started_at, one.stop_began, one.stopped_at)
        for one in reports
    ]
    known = [sum(moment is not None for moment in some) for some in moments]
    assert known == [0, 1, 2, 3, 4]
    assert sorted(moments[-1], key=str) == list(moments[-1])


async def test_moments_of_the_whole(registry: Registry, log: list[str]) -> None:
    """The whole begins before its first lifespan, and ends after its last one."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")

    async with registry.run() as run:
        pass

    whole, a, b = run.report, *run.report.values()
    moments = [
        *(whole.start_began, a.start_began, b.started_at, whole.started_at),
        *(whole.stop_began, b.stop_began, a.stopped_at, whole.stopped_at),
    ]
    assert sorted(moments, key=str) == moments
    assert whole.start_began is not None
    assert whole.started_at is not None
    assert whole.start_began.tzinfo is dt.UTC
    seconds = (whole.started_at - whole.start_began).total_seconds()
    assert seconds == pytest.approx(whole.started_in, abs=1e-5)


async def test_one_by_one(registry: Registry, log: list[str]) -> None:
    """Of each one it has what it was told to be, and when it did what."""
    registry.limits = Limits(30, 5)
    tracked(registry, log, "db", tags={"web", "worker"}, startup_timeout=math.inf)
    tracked(registry, log, "mail")
    tracked(
        registry, log, "search", requires="db", after=["mail", "x"], shutdown_timeout=1
    )

    async with registry.run() as run:
        up = run.report
    over = run.report

    assert isinstance(up["db"], LifespanReport)
    assert [one.tags for one in up.values()] == [
        frozenset({"web", "worker"}),
        frozenset(),
        frozenset(),
    ]
    limits = [(one.startup_timeout, one.shutdown_timeout) for one in up.values()]
    assert limits == [(math.inf, 5), (30, 5), (30, 1)]
    assert [dict(one.reasons) for one in up.values()] == [
        {},
        {},
        {"db": "requires 'db'", "mail": "has after='mail'"},
    ]
    assert [one.waits_for for one in up.values()] == [(), (), ("db", "mail")]
    for one in up.values():
        assert (one.stop_began, one.stopped_at, one.shutdown_seconds) == (None,) * 3
    for one in over.values():
        moments = one.start_began, one.started_at, one.stop_began, one.stopped_at
        assert list(moments) == sorted(moments, key=str)
        assert one.start_began is not None
        assert one.stopped_at is not None
        assert one.start_began.tzinfo is dt.UTC
        assert one.stopped_at - one.start_began < dt.timedelta(seconds=10)


async def test_critical_path(registry: Registry, log: list[str]) -> None:
    """It leads through what has been waited for, and past what was ready before."""
    gates = {name: Gate() for name in ("slow", "last")}
    tracked(registry, log, "quick")
    tracked(registry, log, "slow", enter=gates["slow"].wait)
    tracked(registry, log, "both", requires=["quick", "slow"])
    tracked(registry, log, "beside", requires="quick")
    tracked(registry, log, "last", requires="both", enter=gates["last"].wait)

    async def open_in_turn() -> None:
        await until(lambda: "+beside" in log)
        gates["slow"].open()
        await until(lambda: gates["last"].reached)
        gates["last"].open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(open_in_turn())
        async with registry.run() as run:
            assert run.report.critical_path == ("slow", "both", "last")


async def test_nothing_in_it(registry: Registry) -> None:
    """A run of nothing has a report, too, and no path."""
    async with registry.run() as run:
        report = run.report

    assert report.status is Status.STARTED
    assert report.critical_path == ()
    assert report.started_in is not None
    assert repr(report) == "<Report: empty>"
    assert Report({}).status is Status.WAITING


async def test_failed_start(registry: Registry, log: list[str]) -> None:
    """A start that fails has failed from then on, and has no time and no path."""
    gate = Gate()
    tracked(registry, log, "a", leave=gate.wait)
    tracked(registry, log, "b", requires="a", enter=boom())
    run = registry.run()

    async def watch() -> Status:
        await until(lambda: gate.reached)
        gate.open()
        return run.report.status

    watching = asyncio.create_task(watch())
    with pytest.raises(StartupError):
        await run.__aenter__()

    assert await watching is run.report.status is Status.FAILED
    assert run.report["a"].status is Status.STOPPED
    assert run.report.started_in is run.report.started_at is None
    assert run.report.stopped_in is not None
    assert run.report.stop_began is not None
    assert run.report.critical_path == ()


async def test_plan_that_cannot_be_ordered(registry: Registry, log: list[str]) -> None:
    """Where nothing could be entered, the whole has failed."""
    tracked(registry, log, "a", requires="nobody")
    run = registry.run()

    with pytest.raises(PlanError):
        await run.__aenter__()

    assert run.report.status is Status.FAILED
    assert dict(run.report) == {}


async def test_cancelled_start(registry: Registry, log: list[str]) -> None:
    """A start that is called off has not failed: it has been stopped."""
    gate = Gate()
    tracked(registry, log, "a", enter=gate.wait)
    serving = Serving(registry, log)
    await until(lambda: gate.reached)
    serving.cancel("own")
    await serving.over()

    assert serving.run.report.status is Status.STOPPED
    assert serving.run.report.started_in is None


async def test_crash(registry: Registry, log: list[str]) -> None:
    """The whole has crashed while one that has is among them; then it is stopped."""
    tracked(registry, log, "a")
    tracked(registry, log, "b")

    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        assert run.report.status is Status.CRASHED
        assert run.report["a"].stop_began is not None

    assert run.report.status is Status.STOPPED
    assert run.report["a"].status is Status.CRASHED
