"""A host holds an application's lifespan open, as a server does that has none."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry._host import Host
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import ApplicationError
from tests.asgi.inner import speaker
from tests.asgi.servers import logged
from tests.core.waiting import until
from tests.tracked import boom, tracked


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """Speak no lifespan."""
    raise ValueError(scope["type"])


def wrapped(registry: Registry) -> LifespanApplication:
    """Return an application that has the lifespans of *registry* alone."""
    return LifespanApplication(silent, registry=registry)


async def test_start_and_stop(registry: Registry, log: list[str]) -> None:
    """It starts the application and stops it; what that publishes is in the state."""
    tracked(registry, log, "a")
    host = Host(wrapped(registry))

    assert not host.is_up
    await host.start()
    assert host.is_up
    assert host.state["a"] == "a"
    await host.stop()

    assert not host.is_up
    assert log == ["+a", "-a"]


async def test_one_task(registry: Registry) -> None:
    """Start and stop are in one task, whoever has asked for them."""
    tasks: list[Any] = []

    async def talk(receive: Any, send: Any) -> None:
        for phase in ("startup", "shutdown"):
            await receive()
            tasks.append(asyncio.current_task())
            await send({"type": f"lifespan.{phase}.complete"})

    host = Host(speaker(talk))
    await asyncio.create_task(host.start())
    await asyncio.create_task(host.stop())

    assert tasks[0] is tasks[1]


async def test_application_without_lifespan() -> None:
    """One that speaks no lifespan is taken as started."""
    host = Host(silent)

    await host.start()

    assert host.is_up
    assert host.state == {}
    await host.stop()


async def test_failed_start(registry: Registry, log: list[str]) -> None:
    """A failed start is raised, when all is unwound."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=boom())
    host = Host(wrapped(registry))

    with pytest.raises(ApplicationError, match="RuntimeError: boom"):
        await host.start()

    assert not host.is_up
    assert log == ["+a", "-a"]
    with pytest.raises(ApplicationError):
        await host.stop()


async def test_failed_stop(registry: Registry, log: list[str]) -> None:
    """A failed stop is raised."""
    tracked(registry, log, "a", leave=boom())
    host = Host(wrapped(registry))
    await host.start()

    with pytest.raises(ApplicationError, match="RuntimeError: boom"):
        await host.stop()


async def test_cancelled_start(registry: Registry, log: list[str]) -> None:
    """A start that is cancelled is unwound before the cancellation goes on."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=asyncio.Event().wait)
    host = Host(wrapped(registry))
    starting = asyncio.create_task(host.start())
    await until(lambda: log == ["+a"])

    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting
    assert log == ["+a", "-a"]
    assert not host.is_up


async def test_cancelled_from_outside(registry: Registry, log: list[str]) -> None:
    """A server that cancels all tasks has stopped it; then a stop has nothing to do."""
    tracked(registry, log, "a")
    before = asyncio.all_tasks()
    host = Host(wrapped(registry))
    await host.start()

    for task in asyncio.all_tasks() - before:
        task.cancel()
    await host.stop()

    assert log == ["+a", "-a"]


async def test_stop_without_start(registry: Registry) -> None:
    """What has never started has nothing to stop."""
    host = Host(wrapped(registry))
    host.when_over(boom())

    await host.stop()


async def test_crash(caplog: pytest.LogCaptureFixture) -> None:
    """A crash of the application while it is up is logged, and it is not up."""
    crash = asyncio.Event()

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await crash.wait()
        boom()()

    host = Host(speaker(talk))
    await host.start()
    crash.set()
    await until(lambda: not host.is_up)

    await host.stop()
    text = "the lifespan of speaker.<locals>.shop crashed while it was up"
    assert logged(caplog) == [("ERROR", text)]


async def test_context_is_given(registry: Registry) -> None:
    """The lifespan begins in the context that it is given."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("of a request")
    seen: list[str | None] = []

    async def talk(receive: Any, send: Any) -> None:
        seen.append(variable.get(None))
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()

    for host in (Host(speaker(talk)), Host(speaker(talk), contextvars.Context())):
        await host.start()
        await host.stop()

    assert seen == ["of a request", None]
