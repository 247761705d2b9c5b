"""Task groups, cancel scopes and time limits can be held across the yield."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

import anyio
import pytest
from anyio import create_task_group, move_on_after

from lifespan_registry import Registry
from lifespan_registry.exceptions import StartupError
from tests.core.waiting import DEADLINE
from tests.tracked import boom, tracked

AsyncScope = Callable[[], AbstractAsyncContextManager[Any]]


@pytest.mark.parametrize(
    "scope",
    [create_task_group, asyncio.TaskGroup, lambda: asyncio.timeout(DEADLINE)],
    ids=["anyio.create_task_group", "asyncio.TaskGroup", "asyncio.timeout"],
)
async def test_async_scopes(
    registry: Registry, log: list[str], scope: AsyncScope
) -> None:
    """Several lifespans hold such a scope at once, and exit it in reverse."""

    @registry.on_lifespan
    async def first() -> AsyncIterator[object]:
        async with scope() as held:
            log.append("+first")
            yield held
            log.append("-first")

    @registry.on_lifespan
    async def second(first: object) -> AsyncIterator[object]:
        async with scope() as held:
            assert held is not first
            log.append("+second")
            yield held
            log.append("-second")

    @registry.on_lifespan
    async def beside() -> AsyncIterator[object]:
        async with scope() as held:
            log.append("+beside")
            yield held
            log.append("-beside")

    async with registry.run():
        log.append("up")

    assert log == [
        "+first",
        "+beside",
        "+second",
        "up",
        "-second",
        "-beside",
        "-first",
    ]


@pytest.mark.parametrize(
    "scope",
    [lambda: move_on_after(DEADLINE), lambda: anyio.fail_after(DEADLINE)],
    ids=["anyio.move_on_after", "anyio.fail_after"],
)
async def test_cancel_scopes(
    registry: Registry,
    log: list[str],
    scope: Callable[[], AbstractContextManager[anyio.CancelScope]],
) -> None:
    """Several lifespans hold such a scope at once, and none of them is cancelled."""

    @registry.on_lifespan
    async def first() -> AsyncIterator[None]:
        with scope() as held:
            log.append("+first")
            yield
            await anyio.lowlevel.checkpoint()
        log.append(f"-first {held.cancelled_caught}")

    @registry.on_lifespan
    async def second() -> AsyncIterator[None]:
        with scope() as held:
            log.append("+second")
            yield
            await anyio.lowlevel.checkpoint()
        log.append(f"-second {held.cancelled_caught}")

    @registry.on_lifespan(requires=[first, second])
    async def third() -> AsyncIterator[None]:
        with scope() as held:
            log.append("+third")
            yield
            await anyio.lowlevel.checkpoint()
        log.append(f"-third {held.cancelled_caught}")

    async with registry.run():
        log.append("up")

    assert log[:5] == ["+first", "+second", "+third", "up", "-third False"]
    assert sorted(log[5:]) == ["-first False", "-second False"]


async def test_all_kinds_at_once(registry: Registry, log: list[str]) -> None:
    """Scopes of different kinds stand side by side and inside one another."""

    @registry.on_lifespan
    async def limited() -> AsyncIterator[None]:
        async with asyncio.timeout(DEADLINE):
            yield
        log.append("-limited")

    @registry.on_lifespan(requires=limited)
    async def group() -> AsyncIterator[asyncio.TaskGroup]:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
        log.append("-group")

    @registry.on_lifespan(requires=group)
    async def scope() -> AsyncIterator[None]:
        with move_on_after(DEADLINE):
            yield
        log.append("-scope")

    @registry.on_lifespan(requires=scope)
    async def anyio_group() -> AsyncIterator[anyio.abc.TaskGroup]:
        async with asyncio.timeout(DEADLINE), create_task_group() as tasks:
            yield tasks
        log.append("-anyio_group")

    async with registry.run():
        log.append("up")

    assert log == ["up", "-anyio_group", "-scope", "-group", "-limited"]


async def test_children_run_while_serving(registry: Registry, log: list[str]) -> None:
    """Tasks in a yielded group live until the group's own lifespan ends them."""

    @registry.on_lifespan
    async def workers() -> AsyncIterator[anyio.abc.TaskGroup]:
        async with create_task_group() as tasks:
            yield tasks
            tasks.cancel_scope.cancel()
        log.append("-workers")

    @registry.on_lifespan
    async def job(workers: anyio.abc.TaskGroup) -> AsyncIterator[None]:
        begun = anyio.Event()

        async def work() -> None:
            try:
                begun.set()
                await anyio.sleep_forever()
            finally:
                log.append("job ended")

        workers.start_soon(work)
        await begun.wait()
        log.append("+job")
        yield
        log.append("-job")

    async with registry.run():
        log.append("up")

    assert log == ["+job", "up", "-job", "job ended", "-workers"]


async def test_exit_waits_for_the_children(registry: Registry, log: list[str]) -> None:
    """A task group that is not cancelled lets its children finish before it exits."""

    @registry.on_lifespan
    async def jobs() -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()

        async def work() -> None:
            await stop.wait()
            log.append("work done")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work())
            yield stop
            stop.set()
        log.append("-jobs")

    async with registry.run():
        log.append("up")

    assert log == ["up", "work done", "-jobs"]


async def test_failed_start_leaves_no_scope_open(
    registry: Registry, log: list[str]
) -> None:
    """When another one fails, those that hold a scope are exited in their own tasks."""

    @registry.on_lifespan
    async def group() -> AsyncIterator[None]:
        async with create_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            yield
            tasks.cancel_scope.cancel()
        log.append("-group")

    @registry.on_lifespan(requires=group)
    async def entering() -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(anyio.sleep_forever())
            yield await anyio.sleep_forever()

    tracked(registry, log, "bad", requires="group", enter=boom())
    before = asyncio.all_tasks()

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert [origin.name for origin in caught.value.origins] == ["bad"]

    assert log == ["-group"]
    assert asyncio.all_tasks() == before
