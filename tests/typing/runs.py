"""What a run, its state and its report are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, MutableMapping
from functools import partial
from typing import Any, assert_type

from django.http import HttpRequest

from lifespan_registry import (
    LifespanReport,
    Registry,
    Report,
    Run,
    State,
    Status,
    default_registry,
    on_lifespan,
)
from lifespan_registry.exceptions import (
    CycleError,
    LifespanError,
    Origin,
    PlanError,
    ShutdownError,
    StartupError,
)

assert_type(default_registry, Registry)


@on_lifespan
async def db() -> AsyncIterator[int]:
    yield 1


async def use() -> None:
    async with default_registry.run() as run:
        assert_type(run, Run)
        assert_type(run.state, State)
        assert_type(run.state["db"], Any)
        assert_type(run.state.db, Any)
        assert_type(run.report, Report)
        assert_type(run.report.status, Status)
        assert_type(run.report.started_in, float | None)
        assert_type(run.report.critical_path, tuple[str, ...])
        report = run.report["db"]
        assert_type(report, LifespanReport)
        assert_type(report.tags, frozenset[str])
        assert_type(report.reasons, Mapping[str, str])
        assert_type(report.startup_timeout, float)
        assert_type(report.origin, Origin)
        assert_type(report.startup_seconds, float | None)
        assert_type(report.waits_for, tuple[str, ...])
        for name in run.report:
            assert_type(name, str)
        assert_type(db.get(run.state), int)
    async with default_registry.run(only=[db, "cache"], skip="mail"):
        pass


async def overridden(registry: Registry) -> None:
    with registry.override({db: 2}, cache=object()), registry.override({"db": 2}):
        async with registry.run(tags={"web"}), registry.run(tags="web"):
            pass

    @registry.override(db=2)
    async def test(count: int) -> str:
        return str(count)

    assert_type(await test(3), str)
    with registry.override({db: 3, "cache": None}) as nothing:
        assert_type(nothing, None)


def plan(registry: Registry) -> None:
    order = registry.plan(only=db, skip=(db, "x"))
    assert_type(order.names, tuple[str, ...])
    for step in order:
        assert_type(step.name, str)
    for lifespan in registry:
        assert_type(lifespan.name, str)
    assert_type(registry.current_run(), Run | None)


def state(scope: dict[str, Any]) -> None:
    one = State(scope)
    mapping: Mapping[str, Any] = one
    writable: MutableMapping[str, Any] = one
    writable["user"] = mapping
    one.user = 5


async def view(request: HttpRequest, consumer: Any) -> None:
    assert_type(db.get(request), int)
    assert_type(db.get({"type": "http"}), int)
    assert_type(db.get(consumer), int)


async def errors() -> None:
    try:
        async with default_registry.run():
            pass
    except PlanError as error:
        for one in error.exceptions:
            assert isinstance(one, CycleError)
            assert_type(one.origins, tuple[Origin, ...])
    except StartupError as error:
        assert_type(error.failures, tuple[tuple[Origin, Exception], ...])
        assert_type(error.cleanup, tuple[tuple[Origin, BaseException], ...])
    except ShutdownError as error:
        assert_type(error.origins, tuple[Origin, ...])
    except LifespanError:
        raise


async def groups() -> None:
    try:
        async with default_registry.run():
            pass
    except* OSError as group:
        assert_type(group, ExceptionGroup[OSError])


async def fetch(url: str, retries: int = 0) -> bytes:
    return url.encode() * retries


def in_sync_code() -> None:
    with default_registry.run_in_thread(only=db) as run:
        assert_type(run, Run)
        assert_type(run.call(fetch, "/"), bytes)
        assert_type(run.call(fetch, "/", 3, timeout=5), bytes)
        assert_type(run.call(partial(fetch, retries=3), "/", timeout=0.5), bytes)
