"""Whatever is cancelled, lifespans are exited in reverse, and in their own time."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import StartupError, WasCancelledError
from tests.core.serving import Serving, each_way
from tests.core.waiting import Gate, both, some_steps, until
from tests.tracked import boom, tracked


@each_way
@both
async def test_cancelled_while_serving(
    registry: Registry, log: list[str], *, sync: bool, who: tuple[str, ...]
) -> None:
    """A cancellation that ends the block exits all in reverse, each undisturbed."""
    pause = None if sync else some_steps
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a", leave=pause)
    tracked(registry, log, "c", sync=sync, requires="b", leave=pause)
    serving = Serving(registry, log)
    await until(lambda: "up" in log)

    serving.cancel(*who)
    await serving.over()

    assert log == ["+a", "+b", "+c", "up", "-c", "-b", "-a"]
    assert {one.status for one in serving.run.report.values()} == {Status.STOPPED}
    assert {one.error for one in serving.run.report.values()} == {None}


@each_way
async def test_cancelled_during_start(
    registry: Registry,
    log: list[str],
    who: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The one that is entering is cancelled, once; those before it are exited."""
    caplog.set_level("INFO")
    gate = Gate()

    async def enter() -> None:
        try:
            await gate.wait()
        finally:
            await some_steps()
            log.append("cleaned up b")

    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=enter)
    tracked(registry, log, "c", requires="b")
    serving = Serving(registry, log)
    await until(lambda: gate.reached)

    serving.cancel(*who)
    await serving.over()

    assert log == ["+a", "cleaned up b", "-a"]
    assert "called off the start of b after 0." in caplog.text


@each_way
async def test_cancelled_during_start_of_a_thread(
    registry: Registry, log: list[str], who: tuple[str, ...]
) -> None:
    """A thread that is entering is waited for: what it needs stays up till then."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", sync=True, requires="a", enter=gate.block)
    tracked(registry, log, "c", requires="b")
    serving = Serving(registry, log)
    await until(lambda: gate.reached)

    serving.cancel(*who)
    await some_steps()
    gate.open()
    await serving.over()

    assert log == ["+a", "+b", "-b", "-a"]


@each_way
async def test_cleanup_fails_when_the_start_is_cancelled(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    who: tuple[str, ...],
) -> None:
    """What fails while a cancelled start is unwound is logged."""
    gate = Gate()

    async def clumsy() -> None:
        try:
            await gate.wait()
        finally:
            raise ValueError

    tracked(registry, log, "a", leave=boom("no goodbye"))
    tracked(registry, log, "b", requires="a", enter=clumsy)
    serving = Serving(registry, log)
    await until(lambda: gate.reached)

    serving.cancel(*who)
    await serving.over()

    assert log == ["+a"]
    assert "'b' (" in caplog.text
    assert "ValueError" in caplog.text
    assert "RuntimeError: no goodbye" in caplog.text


@both
async def test_cancelled_when_it_has_just_failed(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    *,
    sync: bool,
) -> None:
    """A failure that meets a cancellation is logged, and the cancellation goes on."""

    def fail_and_cancel() -> None:
        serving.task.get_loop().call_soon_threadsafe(serving.cancel, "own")
        raise RuntimeError("no disk")

    tracked(registry, log, "a", sync=sync)
    tracked(
        registry, log, "b", sync=sync, requires="a", enter=None if sync else some_steps
    )
    tracked(registry, log, "c", sync=sync, requires="b", enter=fail_and_cancel)
    serving = Serving(registry, log)

    await serving.over()

    assert log == ["+a", "+b", "-b", "-a"]
    assert "RuntimeError: no disk" in caplog.text


async def test_cancelled_before_the_first_step(
    registry: Registry, log: list[str]
) -> None:
    """Everything is cancelled when some have just not begun: those never begin."""

    def cancel_all() -> None:
        serving.cancel("others", "own")

    tracked(registry, log, "first", enter=some_steps)
    tracked(registry, log, "a", requires="first", enter=cancel_all)
    tracked(registry, log, "b", requires="first", enter=Gate().wait)
    serving = Serving(registry, log)

    await serving.over()

    assert log == ["+first", "+a", "-a", "-first"]
    assert {one.error for one in serving.run.report.values()} == {None}


async def test_lifespan_cancelled_before_its_first_step(
    registry: Registry, log: list[str]
) -> None:
    """A lifespan whose task somebody cancels before it has begun fails to start."""

    def cancel_b() -> None:
        for task in asyncio.all_tasks():
            if task.get_name() == "lifespan b":
                task.cancel()

    tracked(registry, log, "a", enter=cancel_b)
    tracked(registry, log, "b", enter=Gate().wait)
    tracked(registry, log, "c", enter=cancel_b)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    (failure,) = caught.value.failures
    assert failure[0].name == "b"
    assert isinstance(failure[1], WasCancelledError)
    assert log == ["+a", "+c", "-c", "-a"]


async def test_lifespan_cancelled_while_it_starts(
    registry: Registry, log: list[str]
) -> None:
    """A lifespan whose enter is cancelled from within fails the start."""

    def await_a_cancelled_future() -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future

    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=await_a_cancelled_future)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, WasCancelledError)
    assert isinstance(error.__cause__, asyncio.CancelledError)
    assert str(error).startswith(
        f"{caught.value.origins[0]} was cancelled during its startup, and not by the"
    )


async def test_scope_around_the_run_is_cancelled(
    registry: Registry, log: list[str]
) -> None:
    """A cancelled anyio scope around a run ends it, each exit in its turn and time."""
    tracked(registry, log, "a", leave=some_steps)
    tracked(registry, log, "b", requires="a", leave=some_steps)
    tracked(registry, log, "c", sync=True, requires="b")

    with anyio.CancelScope() as scope:
        async with registry.run():
            scope.cancel()
            await anyio.sleep_forever()

    assert scope.cancelled_caught
    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]
