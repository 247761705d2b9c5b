"""What happens while a failed start is unwound."""

from __future__ import annotations

import asyncio

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import StartupError
from tests.core.waiting import Gate, both, some_steps, until
from tests.tracked import boom, tracked


@both
async def test_cancelled_enter_that_completes_is_exited(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """One that completes its enter though it is cancelled is exited like the others."""
    gate = Gate()

    async def fail() -> None:
        await until(lambda: gate.reached)
        raise RuntimeError

    async def open_after_that() -> None:
        await until(lambda: gate.reached)
        await until(lambda: run.report["bad"].status is Status.FAILED)
        await some_steps()
        gate.open()

    enter = gate.block if sync else gate.insist
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "late", sync=sync, requires="a", enter=enter)
    tracked(registry, log, "bad", enter=fail)
    run = registry.run()
    task = asyncio.create_task(open_after_that())

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()
    await task

    assert log == ["+a", "+late", "-late", "-a"]
    assert [origin.name for origin in caught.value.origins] == ["bad"]
    assert dict(run.state) == {}


@both
async def test_errors_of_the_cleanup_are_attached(
    registry: Registry, log: list[str], *, sync: bool
) -> None:
    """What fails while all is unwound is in `cleanup` and, second, in the text."""
    tracked(registry, log, "a", sync=sync, leave=boom("no goodbye", ValueError))
    tracked(registry, log, "b", sync=sync, requires="a")
    tracked(registry, log, "c", sync=sync, requires="b", enter=boom("no hello"))

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert log == ["+a", "+b", "-b"]
    assert [(origin.name, repr(error)) for origin, error in caught.value.failures] == [
        ("c", "RuntimeError('no hello')")
    ]
    assert [(origin.name, repr(error)) for origin, error in caught.value.cleanup] == [
        ("a", "ValueError('no goodbye')")
    ]
    c, a = caught.value.failures[0][0], caught.value.cleanup[0][0]
    assert str(caught.value) == (
        "1 lifespan failed to start:\n"
        f"    {c}: RuntimeError: no hello\n"
        "Then, while those that had started were stopped:\n"
        f"    {a}: ValueError: no goodbye"
    )


async def test_errors_of_a_cancelled_enter_are_attached(
    registry: Registry, log: list[str]
) -> None:
    """What one raises because its enter is cancelled is in `cleanup`."""
    gate = Gate()

    async def clumsy() -> None:
        try:
            await gate.wait()
        finally:
            raise ValueError

    async def fail() -> None:
        await until(lambda: gate.reached)
        raise RuntimeError

    tracked(registry, log, "clumsy", enter=clumsy)
    tracked(registry, log, "bad", enter=fail)

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    assert [origin.name for origin in caught.value.origins] == ["bad"]
    assert [(origin.name, repr(error)) for origin, error in caught.value.cleanup] == [
        ("clumsy", "ValueError()")
    ]
