"""SystemExit and KeyboardInterrupt unwind everything, then go on their way."""

from __future__ import annotations

import pytest

from lifespan_registry import Registry
from tests.core.waiting import Gate, both
from tests.tracked import boom, tracked


@both
@pytest.mark.parametrize("order", [SystemExit, KeyboardInterrupt])
async def test_order_to_leave_at_enter(
    registry: Registry, log: list[str], *, sync: bool, order: type[BaseException]
) -> None:
    """SystemExit and KeyboardInterrupt unwind, then are raised as they are."""
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a")
    tracked(registry, log, "c", sync=sync, requires="b", enter=boom("now", order))

    with pytest.raises(order) as caught:
        await registry.run().__aenter__()

    assert type(caught.value) is order
    assert caught.value.args == ("now",)
    assert log == ["+a", "+b", "-b", "-a"]


@both
async def test_order_to_leave_tells_of_the_cleanup(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    *,
    sync: bool,
) -> None:
    """What fails while SystemExit unwinds is logged, and noted at it."""
    tracked(registry, log, "a", sync=sync, leave=boom("no goodbye", ValueError))
    tracked(registry, log, "b", sync=sync, requires="a", enter=boom("", SystemExit))

    with pytest.raises(SystemExit) as caught:
        await registry.run().__aenter__()

    assert log == ["+a"]
    (note,) = caught.value.__notes__
    assert "'a'" in note
    assert "ValueError: no goodbye" in note
    assert "ValueError: no goodbye" in caplog.text


async def test_order_to_leave_tells_of_other_failures(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An error that comes with SystemExit is logged, and noted at it."""
    gate = Gate()

    async def wait_and_raise() -> None:
        await gate.wait()
        raise RuntimeError

    async def leave() -> None:
        await gate.wait()
        raise SystemExit

    async def let_them_through() -> None:
        gate.open()

    tracked(registry, log, "a", enter=wait_and_raise)
    tracked(registry, log, "b", enter=leave)
    tracked(registry, log, "c", enter=let_them_through)

    with pytest.raises(SystemExit) as caught:
        await registry.run().__aenter__()

    (note,) = caught.value.__notes__
    assert "1 lifespan failed to start:\n    'a'" in note
    assert "1 lifespan failed to start:\n    'a'" in caplog.text
    assert log == ["+c", "-c"]


@both
@pytest.mark.parametrize("order", [SystemExit, KeyboardInterrupt])
async def test_order_to_leave_at_exit(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    *,
    sync: bool,
    order: type[BaseException],
) -> None:
    """SystemExit and KeyboardInterrupt at exit are raised after all is unwound."""
    tracked(registry, log, "a", sync=sync)
    tracked(registry, log, "b", sync=sync, requires="a", leave=boom("stuck"))
    tracked(registry, log, "c", sync=sync, requires="b", leave=boom("now", order))

    with pytest.raises(order) as caught:
        async with registry.run():
            log.append("up")

    assert caught.value.args == ("now",)
    assert log == ["+a", "+b", "+c", "up", "-a"]
    (note,) = caught.value.__notes__
    assert note.endswith("RuntimeError: stuck")
    assert "RuntimeError: stuck" in caplog.text
