"""What fails is unwound, then logged, then told to the server."""

from __future__ import annotations

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import PlanError
from tests.asgi.servers import (
    SHUTDOWN,
    START_FAILED,
    STARTED,
    STARTUP,
    STOP_FAILED,
    Script,
    logged,
    wrapped,
)
from tests.tracked import boom, tracked


async def test_failed_start(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A failed start is unwound and logged, then told; then the application returns."""
    tracked(registry, log, "a")
    bad = tracked(registry, log, "bad", requires="a", enter=boom("no database"))
    server = Script(log, STARTUP)

    await server.run(wrapped(registry))

    text = (
        "1 lifespan failed to start:\n"
        f"    {bad.definition.origin}: RuntimeError: no database"
    )
    assert log == ["+a", "-a", START_FAILED]
    assert server.messages == [{"type": START_FAILED, "message": text}]
    assert logged(caplog) == [("ERROR", text)]
    assert "Traceback (most recent call last)" in caplog.text
    assert "RuntimeError: no database" in caplog.text
    assert "in raise_it" in caplog.text


async def test_log_comes_before_the_answer(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What has failed is logged before the server, told of it, may end the process."""
    tracked(registry, log, "bad", enter=boom())
    server = Script(log, STARTUP, raises={START_FAILED: OSError("server gone")})

    with pytest.raises(OSError, match="server gone"):
        await server.run(wrapped(registry))

    assert len(logged(caplog)) == 1


async def test_errors_of_the_cleanup_are_logged_too(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A failed start tells what failed while it was unwound, with its traceback."""
    a = tracked(registry, log, "a", leave=boom("stuck", ValueError))
    bad = tracked(registry, log, "bad", requires="a", enter=boom())
    server = Script(log, STARTUP)

    await server.run(wrapped(registry))

    text = (
        "1 lifespan failed to start:\n"
        f"    {bad.definition.origin}: RuntimeError: boom\n"
        "Then, while those that had started were stopped:\n"
        f"    {a.definition.origin}: ValueError: stuck"
    )
    assert log == ["+a", START_FAILED]
    assert server.messages == [{"type": START_FAILED, "message": text}]
    assert logged(caplog) == [
        ("ERROR", text),
        ("ERROR", f"while cleaning up: {a.definition.origin}"),
    ]
    assert "ValueError: stuck" in caplog.text


@pytest.mark.parametrize(
    ("kind", "message"),
    [(SystemExit, "SystemExit: 3"), (KeyboardInterrupt, "KeyboardInterrupt: 3")],
)
async def test_orders_to_leave_at_start_are_told_as_a_failure(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    kind: type[BaseException],
    message: str,
) -> None:
    """SystemExit, which servers ignore or repeat for ever, is a failed start."""
    tracked(registry, log, "a")
    tracked(registry, log, "bad", requires="a", enter=boom("3", kind))
    server = Script(log, STARTUP)

    await server.run(wrapped(registry))

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages == [{"type": START_FAILED, "message": message}]
    assert logged(caplog) == [("ERROR", message)]


async def test_plan_error(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be ordered is told without a traceback; nothing has been entered."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="missing")
    server = Script(log, STARTUP)

    await server.run(wrapped(registry))

    with pytest.raises(PlanError) as caught:
        registry.plan()
    text = str(caught.value)
    assert log == [START_FAILED]
    assert server.messages == [{"type": START_FAILED, "message": text}]
    assert logged(caplog) == [("ERROR", text)]
    assert [record.exc_info for record in caplog.records] == [None]
    assert server.scope["state"] == {}


async def test_failed_stop(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A failed stop is told and logged; all the others have been exited."""
    tracked(registry, log, "a")
    bad = tracked(registry, log, "bad", requires="a", leave=boom("stuck"))
    tracked(registry, log, "c", requires="bad")
    server = Script(log, STARTUP, SHUTDOWN)

    await server.run(wrapped(registry))

    text = (
        f"1 lifespan failed to stop:\n    {bad.definition.origin}: RuntimeError: stuck"
    )
    assert log == ["+a", "+bad", "+c", STARTED, "-c", "-a", STOP_FAILED]
    assert server.messages[1] == {"type": STOP_FAILED, "message": text}
    assert logged(caplog) == [("ERROR", text)]
    assert "Traceback (most recent call last)" in caplog.text


async def test_system_exit_at_stop_is_told_as_a_failure(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """SystemExit in an exit is a failed stop of that lifespan, and of no other."""
    tracked(registry, log, "a")
    tracked(registry, log, "bad", requires="a", leave=boom("3", SystemExit))
    server = Script(log, STARTUP, SHUTDOWN)

    await server.run(wrapped(registry))

    assert log == ["+a", "+bad", STARTED, "-a", STOP_FAILED]
    assert server.messages[1] == {"type": STOP_FAILED, "message": "SystemExit: 3"}
    assert logged(caplog) == [("ERROR", "SystemExit: 3")]
