"""Servers that do not keep to the protocol, or that go away."""

from __future__ import annotations

import pytest

from lifespan_registry import Registry
from tests.asgi.servers import (
    SHUTDOWN,
    START_FAILED,
    STARTED,
    STARTUP,
    STOPPED,
    Script,
    Server,
    logged,
    wrapped,
)
from tests.tracked import boom, tracked


async def test_unknown_messages_are_ignored(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A message of another type is warned of, and taken for neither start nor stop."""
    tracked(registry, log, "a")

    await Script(
        log, SHUTDOWN, "lifespan.prepare", STARTUP, "lifespan.reload", STARTUP, SHUTDOWN
    ).run(wrapped(registry))

    assert log == ["+a", STARTED, "-a", STOPPED]
    ignored = "ignored a message of type {!r}; expected {!r}".format
    assert logged(caplog) == [
        ("WARNING", ignored(SHUTDOWN, STARTUP)),
        ("WARNING", ignored("lifespan.prepare", STARTUP)),
        ("WARNING", ignored("lifespan.reload", SHUTDOWN)),
        ("WARNING", ignored(STARTUP, SHUTDOWN)),
    ]


async def test_first_receive_raises(registry: Registry, log: list[str]) -> None:
    """An error instead of the first message comes out; nothing has been entered."""
    tracked(registry, log, "a")

    with pytest.raises(OSError, match="gone"):
        await Script(log, OSError("gone")).run(wrapped(registry))

    assert log == []


async def test_second_receive_raises(registry: Registry, log: list[str]) -> None:
    """An error instead of the last message comes out after all have been exited."""
    tracked(registry, log, "a")
    tracked(registry, log, "b")

    with pytest.raises(OSError, match="gone"):
        await Script(log, STARTUP, OSError("gone")).run(wrapped(registry))

    assert log == ["+a", "+b", STARTED, "-b", "-a"]


async def test_send_raises_at_startup_complete(
    registry: Registry, log: list[str]
) -> None:
    """A server that is gone when all are up gets them exited, and its error back."""
    tracked(registry, log, "a")
    tracked(registry, log, "b")
    server = Script(log, STARTUP, raises={STARTED: OSError("gone")})

    with pytest.raises(OSError, match="gone"):
        await server.run(wrapped(registry))

    assert log == ["+a", "+b", STARTED, "-b", "-a"]


async def test_send_raises_and_so_does_an_exit(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The server's error is the one that comes out; the other is noted and logged."""
    bad = tracked(registry, log, "bad", leave=boom("stuck"))
    server = Script(log, STARTUP, raises={STARTED: OSError("gone")})

    with pytest.raises(OSError, match="gone") as caught:
        await server.run(wrapped(registry))

    text = (
        f"1 lifespan failed to stop:\n    {bad.definition.origin}: RuntimeError: stuck"
    )
    assert caught.value.__notes__ == [text]
    assert logged(caplog) == [("ERROR", text)]
    assert "in raise_it" in caplog.text


async def test_send_raises_at_startup_failed(
    registry: Registry, log: list[str]
) -> None:
    """What send() raises for a failed start is not swallowed: Hypercorn needs it."""
    tracked(registry, log, "a")
    tracked(registry, log, "bad", requires="a", enter=boom())
    server = Script(log, STARTUP, raises={START_FAILED: OSError("gone")})

    with pytest.raises(OSError, match="gone"):
        await server.run(wrapped(registry))

    assert log == ["+a", "-a", START_FAILED]


async def test_send_raises_at_shutdown_complete(
    registry: Registry, log: list[str]
) -> None:
    """What send() raises when all is over comes out; no second answer is sent."""
    tracked(registry, log, "a")
    server = Script(log, STARTUP, SHUTDOWN, raises={STOPPED: OSError("gone")})

    with pytest.raises(OSError, match="gone"):
        await server.run(wrapped(registry))

    assert log == ["+a", STARTED, "-a", STOPPED]


async def test_granian_clears_the_state_before_shutdown(
    registry: Registry, log: list[str]
) -> None:
    """A state that the server has emptied before the stop is not missed."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")
    state: dict[str, object] = {}
    server = Server(wrapped(registry), state)
    await server.start()
    assert state["a"] == "a"

    state.clear()

    assert await server.stop() == {"type": STOPPED}
    assert log == ["+a", "+b", "-b", "-a"]
    assert state == {}
