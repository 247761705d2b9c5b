"""A failed stop stops nobody else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import ShutdownError, WasCancelledError
from tests.core.waiting import both
from tests.tracked import boom, tracked


@both
async def test_one_of_five_raises(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """When one fails to stop, the others are exited in their order all the same."""
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")
    tracked(registry, log, "c", sync=sync, requires="b", leave=boom("stuck"))
    tracked(registry, log, "d", sync=sync, requires="c")
    tracked(registry, log, "e", sync=sync, requires="d")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run() as run:
            log.append("up")

    assert log == ["+a", "+b", "+c", "+d", "+e", "up", "-e", "-d", "-b", "-a"]
    (failure,) = caught.value.failures
    assert failure[0].name == "c"
    assert repr(failure[1]) == "RuntimeError('stuck')"
    assert str(caught.value) == (
        f"1 lifespan failed to stop:\n    {failure[0]}: RuntimeError: stuck"
    )
    assert run.report["c"].status is Status.STOPPED
    assert run.report["c"].error is failure[1]


@both
async def test_two_raise(registry: Registry, log: list[str], *, sync: bool) -> None:
    """All that fail to stop are in one error, the first one first."""
    tracked(registry, log, "a", sync=sync, leave=boom("one"))
    tracked(registry, log, "b", sync=sync, requires="a")
    tracked(registry, log, "c", sync=sync, requires="b", leave=boom("two", OSError))
    tracked(registry, log, "d", sync=sync, requires="c")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+b", "+c", "+d", "up", "-d", "-b"]
    assert [(origin.name, repr(error)) for origin, error in caught.value.failures] == [
        ("c", "OSError('two')"),
        ("a", "RuntimeError('one')"),
    ]


async def test_exit_is_cancelled(registry: Registry, log: list[str]) -> None:
    """An exit that is cancelled from within is an error; the others are exited."""

    def await_a_cancelled_future() -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future

    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", leave=await_a_cancelled_future)
    tracked(registry, log, "c", requires="b")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+b", "+c", "up", "-c", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, WasCancelledError)
    assert isinstance(error.__cause__, asyncio.CancelledError)
    assert str(error).startswith(
        f"{caught.value.origins[0]} was cancelled during its shutdown, and not by the"
    )


@both
async def test_errors_are_not_thrown_into_others(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """What stands around the yield of an outer one sees no error of an inner one."""

    def outer() -> Iterator[None]:
        try:
            yield
        finally:
            log.append(f"outer sees {sys.exception()}")

    async def async_outer() -> AsyncIterator[None]:
        try:
            yield
        finally:
            log.append(f"outer sees {sys.exception()}")

    registry.on_lifespan(name="outer")(outer if sync else async_outer)
    tracked(registry, log, "inner", sync=sync, requires="outer", leave=boom("lost"))

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+inner", "up", "outer sees None"]
    assert [repr(error) for error in caught.value.exceptions] == [
        "RuntimeError('lost')"
    ]


@both
async def test_cleanup_without_finally(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """A cleanup that simply follows its yield runs when another exit has failed."""

    def plain() -> Iterator[None]:
        yield
        log.append("plain is clean")

    async def async_plain() -> AsyncIterator[None]:
        yield
        log.append("plain is clean")

    registry.on_lifespan(name="plain")(plain if sync else async_plain)
    tracked(registry, log, "inner", sync=sync, requires="plain", leave=boom())

    with pytest.raises(ShutdownError):
        async with registry.run():
            log.append("up")

    assert log == ["+inner", "up", "plain is clean"]


@both
async def test_block_raises(registry: Registry, log: list[str], *, sync: bool) -> None:
    """The error of the block comes out; lifespans see nothing of it, and exit."""
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")

    with pytest.raises(ZeroDivisionError) as caught:
        async with registry.run():
            boom("by zero", ZeroDivisionError)()

    assert log == ["+a", "+b", "-b", "-a"]
    assert not hasattr(caught.value, "__notes__")


@both
async def test_block_raises_and_an_exit_too(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    *,
    sync: bool,
) -> None:
    """Where the block has raised, errors of exits are logged, and noted at its own."""
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a", leave=boom("stuck"))

    with pytest.raises(ZeroDivisionError) as caught:
        async with registry.run():
            boom("by zero", ZeroDivisionError)()

    assert log == ["+a", "+b", "-a"]
    (note,) = caught.value.__notes__
    assert note.startswith("1 lifespan failed to stop:\n    'b' (")
    assert note.endswith("RuntimeError: stuck")
    (record,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert record.getMessage() == note
    assert record.exc_info


@both
async def test_value_is_out_of_reach_before_the_cleanup(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """When a cleanup begins, what it cleans up is no longer published."""
    run = registry.run()
    tracked(registry, log, "a", sync=sync)
    tracked(
        registry,
        log,
        "b",
        sync=sync,
        requires="a",
        leave=lambda: log.append(f"left: {', '.join(run.state)}"),
    )

    async with run:
        log.append(f"up: {', '.join(run.state)}")

    assert log == ["+a", "+b", "up: a, b", "left: a", "-b", "-a"]
