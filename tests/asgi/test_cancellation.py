"""A server that is in a hurry cancels the lifespan instead of sending its message."""

from __future__ import annotations

import asyncio
from typing import Any

from lifespan_registry import Registry
from tests.asgi.servers import (
    SHUTDOWN,
    STARTED,
    STARTUP,
    STOPPED,
    Gate,
    Script,
    done,
    wrapped,
)
from tests.tracked import tracked

Backend = tuple[str, dict[str, Any]]


async def test_cancelled_before_the_first_message(
    registry: Registry, log: list[str]
) -> None:
    """A cancellation before the start enters nothing and comes out."""
    tracked(registry, log, "a")
    server = Script(log)
    task = asyncio.create_task(server.run(wrapped(registry)))
    await server.waiting.wait()

    task.cancel()

    assert isinstance(await done(task), asyncio.CancelledError)
    assert log == []


async def test_cancelled_during_the_start(registry: Registry, log: list[str]) -> None:
    """A cancellation during the start unwinds in reverse and comes out."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    tracked(registry, log, "slow", requires="b", enter=gate)
    task = asyncio.create_task(Script(log, STARTUP).run(wrapped(registry)))
    await gate.reached.wait()

    task.cancel()

    assert isinstance(await done(task), asyncio.CancelledError)
    assert log == ["+a", "+b", "-b", "-a"]


async def test_cancelled_while_serving(registry: Registry, log: list[str]) -> None:
    """A cancellation in place of the last message is the order to stop."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    server = Script(log, STARTUP)
    task = asyncio.create_task(server.run(wrapped(registry)))
    await server.waiting.wait()

    task.cancel()

    assert isinstance(await done(task), asyncio.CancelledError)
    assert log == ["+a", "+b", STARTED, "-b", "-a"]
    assert server.scope["state"] == {}


async def test_cancelled_during_the_stop(registry: Registry, log: list[str]) -> None:
    """A cancellation during the stop cuts no exit short, and comes out at the end."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "slow", requires="a", leave=gate)
    server = Script(log, STARTUP, SHUTDOWN)
    task = asyncio.create_task(server.run(wrapped(registry)))
    await gate.reached.wait()

    task.cancel()
    gate.open.set()

    assert isinstance(await done(task), asyncio.CancelledError)
    assert log == ["+a", "+slow", STARTED, "-slow", "-a"]


def test_every_task_of_the_loop_cancelled_at_once(
    registry: Registry, log: list[str], anyio_backend: Backend
) -> None:
    """The end of asyncio.run(), which cancels all tasks, exits all in reverse."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    tracked(registry, log, "c", requires="b", sync=True)
    tasks: list[asyncio.Task[None]] = []

    async def main() -> None:
        server = Script(log, STARTUP)
        tasks.append(asyncio.create_task(server.run(wrapped(registry))))
        await server.waiting.wait()

    with asyncio.Runner(**anyio_backend[1]) as runner:
        runner.run(main())

    assert log == ["+a", "+b", "+c", STARTED, "-c", "-b", "-a"]
    assert tasks[0].cancelled()


def test_every_task_cancelled_during_the_start(
    registry: Registry, log: list[str], anyio_backend: Backend
) -> None:
    """The end of asyncio.run() in the middle of a start leaves nothing open."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    tasks: list[asyncio.Task[None]] = []

    async def main() -> None:
        gate = Gate()
        tracked(registry, log, "slow", requires="b", enter=gate)
        tasks.append(asyncio.create_task(Script(log, STARTUP).run(wrapped(registry))))
        await gate.reached.wait()

    with asyncio.Runner(**anyio_backend[1]) as runner:
        runner.run(main())

    assert log == ["+a", "+b", "-b", "-a"]
    assert tasks[0].cancelled()


async def test_uncancelled_owner_goes_on(registry: Registry, log: list[str]) -> None:
    """A wrapper that is run in a task with a time limit of its own stops as usual."""
    tracked(registry, log, "a")

    async with asyncio.timeout(60):
        await Script(log, STARTUP, SHUTDOWN).run(wrapped(registry))

    assert log == ["+a", STARTED, "-a", STOPPED]
