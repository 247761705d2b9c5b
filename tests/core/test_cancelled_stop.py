"""A stop that is cancelled goes on to its end."""

from __future__ import annotations

import asyncio

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import WasCancelledError
from tests.core.serving import Serving
from tests.core.waiting import Gate, both, some_steps, until
from tests.tracked import tracked


@both
async def test_task_cancelled_during_stop(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """A stop goes on to its end however often its task is cancelled, then says so."""
    gate = Gate()
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a", leave=gate.hook(sync=sync))
    tracked(registry, log, "c", sync=sync, requires="b")
    serving = Serving(registry, log)
    await until(lambda: "up" in log)
    serving.stop.set()
    await until(lambda: gate.reached)

    serving.cancel("own")
    await some_steps()
    serving.cancel("own")
    await some_steps()
    gate.open()
    await serving.over()

    assert log == ["+a", "+b", "+c", "up", "-c", "-b", "-a"]


async def test_all_tasks_cancelled_during_stop(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The exit that is under way is cancelled, which is logged; the others wait."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    tracked(registry, log, "c", requires="b", leave=gate.wait)
    serving = Serving(registry, log)
    await until(lambda: "up" in log)
    serving.stop.set()
    await until(lambda: gate.reached)

    serving.cancel("others", "own")
    await serving.over()

    assert log == ["+a", "+b", "+c", "up", "-b", "-a"]
    assert isinstance(serving.run.report["c"].error, WasCancelledError)
    assert "'c' (" in caplog.text
    assert "was cancelled during its shutdown" in caplog.text


async def test_all_tasks_cancelled_during_stop_of_a_thread(
    registry: Registry, log: list[str]
) -> None:
    """A thread that is exiting is waited for, and its exit is no error."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", sync=True, requires="a", leave=gate.block)
    serving = Serving(registry, log)
    await until(lambda: "up" in log)
    serving.stop.set()
    await until(lambda: gate.reached)

    serving.cancel("others", "own")
    await some_steps()
    gate.open()
    await serving.over()

    assert log == ["+a", "+b", "up", "-b", "-a"]
    assert serving.run.report["b"].error is None


async def test_all_tasks_cancelled_again_and_again(
    registry: Registry, log: list[str]
) -> None:
    """Those whose turn has not come do not mind how often they are cancelled."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    tracked(registry, log, "c", sync=True, requires="b", leave=gate.block)
    serving = Serving(registry, log)
    await until(lambda: "up" in log)

    for _ in range(3):
        serving.cancel("others", "own")
        await some_steps()
    gate.open()
    await serving.over()

    assert log == ["+a", "+b", "+c", "up", "-c", "-b", "-a"]


async def test_block_raises_and_its_stop_is_cancelled(
    registry: Registry, log: list[str]
) -> None:
    """A cancellation during the stop is not lost behind the error of the block."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", leave=gate.wait)

    async def main() -> None:
        async with registry.run():
            raise ZeroDivisionError

    task = asyncio.create_task(main())
    await until(lambda: gate.reached)
    task.cancel()
    await some_steps()
    gate.open()

    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert log == ["+a", "+b", "-b", "-a"]
    assert isinstance(caught.value.__context__, ZeroDivisionError)
