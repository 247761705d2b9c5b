"""Requests that come before, during and after the life of the lifespans."""

from __future__ import annotations

import asyncio

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import (
    PlanError,
    StartFailedError,
    StoppedError,
)
from tests.asgi.servers import (
    START_FAILED,
    STARTED,
    STOPPED,
    Gate,
    Scope,
    Server,
    ServerState,
    keys,
    logged,
    why_not,
    wrapped,
)
from tests.tracked import boom, tracked

KINDS = pytest.mark.parametrize("kind", ["http", "websocket"])


@KINDS
async def test_request_before_startup_is_complete_waits(
    registry: Registry, log: list[str], kind: str, state: ServerState
) -> None:
    """A request that comes too early is served when all are up, with all they yield."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "slow", requires="a", enter=gate)

    def view(scope: Scope) -> list[str]:
        log.append("request")
        return keys(scope)

    server = Server(wrapped(registry, view), state)
    starting = asyncio.create_task(server.start())
    await gate.reached.wait()
    request = asyncio.create_task(server.request(kind))
    await server.arrived.wait()

    gate.open.set()

    assert await request == ["a", "slow"]
    assert await starting == {"type": STARTED}
    assert log == ["+a", "+slow", "request"]
    await server.stop()


async def test_request_that_waits_for_a_start_that_fails(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """A request that waits is passed on when the start has failed, and learns of it."""
    gate = Gate()
    a = tracked(registry, log, "a")

    async def fail() -> None:
        await gate()
        raise RuntimeError

    tracked(registry, log, "bad", after="a", enter=fail)
    server = Server(wrapped(registry, lambda scope: why_not(a, scope)), state)
    starting = asyncio.create_task(server.start())
    await gate.reached.wait()
    request = asyncio.create_task(server.request())
    await server.arrived.wait()

    gate.open.set()

    assert await request == [StartFailedError] * 2
    assert (await starting)["type"] == START_FAILED
    assert log == ["+a", "-a"]


async def test_request_after_a_failed_start(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """A request after a failed start is passed on; the value says what failed."""
    a = tracked(registry, log, "a")
    bad = tracked(registry, log, "bad", after="a", enter=boom("no database"))

    def view(scope: Scope) -> str:
        assert keys(scope) == []
        assert why_not(a, scope) == [StartFailedError] * 2
        with pytest.raises(StartFailedError) as caught:
            a.get()
        return str(caught.value)

    server = Server(wrapped(registry, view), state)
    await server.start()

    assert await server.request() == (
        "lifespan 'a' has no value: the start failed. "
        f"{bad.definition.origin}: RuntimeError: no database\n"
        "The log of the startup has the whole traceback."
    )


async def test_request_after_a_plan_that_failed(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """What could not be ordered is the reason that a later request is told."""
    a = tracked(registry, log, "a", requires="missing")

    def view(scope: Scope) -> str:
        assert why_not(a, scope) == [StartFailedError] * 2
        with pytest.raises(StartFailedError) as caught:
            a.get(scope)
        return caught.value.detail

    server = Server(wrapped(registry, view), state)
    assert (await server.start())["type"] == START_FAILED

    with pytest.raises(PlanError) as planned:
        registry.plan()
    assert await server.request() == str(planned.value)


@KINDS
async def test_request_during_shutdown(
    registry: Registry, log: list[str], kind: str, state: ServerState
) -> None:
    """A request during the stop has what is still open, and nothing that is closed."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "slow", requires="a", leave=gate)
    last = tracked(registry, log, "last", requires="slow")

    def view(scope: Scope) -> list[str]:
        assert why_not(last, scope) == [StoppedError] * 2
        return keys(scope)

    server = Server(wrapped(registry, view), state)
    await server.start()
    stopping = asyncio.create_task(server.stop())
    await gate.reached.wait()

    assert await server.request(kind) == ["a"]

    gate.open.set()
    assert await stopping == {"type": STOPPED}
    assert log == ["+a", "+slow", "+last", "-last", "-slow", "-a"]


@KINDS
async def test_request_after_the_stop(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    state: ServerState,
) -> None:
    """A request after the stop is passed on, without a value and without a warning."""
    a = tracked(registry, log, "a")
    server = Server(
        wrapped(registry, lambda scope: [*why_not(a, scope), *keys(scope)]),
        state,
    )
    await server.start()
    await server.stop()

    assert await server.request(kind) == [StoppedError] * 2
    assert logged(caplog) == []


async def test_request_that_outlives_the_stop(
    registry: Registry, log: list[str]
) -> None:
    """A request that has begun before the stop is told that its value is gone."""
    a = tracked(registry, log, "a")
    scopes: list[Scope] = []
    server = Server(wrapped(registry, scopes.append), {})
    await server.start()
    await server.request()
    assert a.get(scopes[0]) == "a"
    await server.stop()

    assert why_not(a, scopes[0]) == [StoppedError] * 2
