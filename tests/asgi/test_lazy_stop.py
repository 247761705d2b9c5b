"""The stop of what a request has started, as the hooks of servers ask for it."""

from __future__ import annotations

import asyncio

import pytest

from lifespan_registry import Registry
from lifespan_registry._lazy import LazyStart
from lifespan_registry.exceptions import LazyStartError
from tests.asgi.servers import Gate, done, logged, wrapped
from tests.tracked import boom, tracked


async def test_stop(registry: Registry, log: list[str]) -> None:
    """It is stopped, once; requests that come later start nothing."""
    tracked(registry, log, "a")
    start = LazyStart(wrapped(registry))
    await start.join()

    await start.stop()
    assert log == ["+a", "-a"]
    await start.stop()
    await start.join()

    assert log == ["+a", "-a"]


async def test_stop_while_it_stops(registry: Registry, log: list[str]) -> None:
    """A second stop waits for the first one."""
    gate = Gate()
    tracked(registry, log, "a", leave=gate)
    start = LazyStart(wrapped(registry))
    await start.join()

    stops = [asyncio.create_task(start.stop()) for _ in range(2)]
    await gate.reached.wait()
    assert [one.done() for one in stops] == [False, False]
    gate.open.set()

    assert [await done(one) for one in stops] == [None, None]
    assert log == ["+a", "-a"]


async def test_stop_during_the_start(registry: Registry, log: list[str]) -> None:
    """A start that is under way is given up, and unwound; who waits for it is told."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=gate)
    start = LazyStart(wrapped(registry))
    request = asyncio.create_task(start.join())
    await gate.reached.wait()

    await start.stop()

    assert log == ["+a", "-a"]
    error = await done(request)
    assert isinstance(error, LazyStartError)
    assert error.failure == "it was cancelled."
    await start.join()
    assert log == ["+a", "-a"]


async def test_stop_after_a_failed_start(registry: Registry, log: list[str]) -> None:
    """What has failed to start needs no stop."""
    tracked(registry, log, "a", enter=boom())
    start = LazyStart(wrapped(registry))
    with pytest.raises(LazyStartError):
        await start.join()

    await start.stop()

    assert log == []


async def test_failed_stop(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An error of the stop is logged, and keeps no server from going on with its."""
    bad = tracked(registry, log, "bad", leave=boom("stuck"))
    start = LazyStart(wrapped(registry))
    await start.join()

    await start.stop()

    text = (
        f"1 lifespan failed to stop:\n    {bad.definition.origin}: RuntimeError: stuck"
    )
    assert logged(caplog) == [("ERROR", text)]
