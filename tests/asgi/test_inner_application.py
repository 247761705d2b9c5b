"""The lifespan of the wrapped application runs inside those of the registry."""

from __future__ import annotations

from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from tests.asgi.inner import serve, speaker
from tests.asgi.servers import (
    SHUTDOWN,
    STARTED,
    STARTUP,
    STOPPED,
    Server,
    ServerState,
    keys,
    logged,
)
from tests.tracked import tracked


@pytest.fixture(name="registry")
def _registry(log: list[str]) -> Registry:
    """A registry with one lifespan, which notes that it is around all the rest."""
    registry = Registry()
    tracked(registry, log, "a")
    return registry


async def test_own_lifespan_runs_inside(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """It starts after ours, stops before them, and its state reaches requests."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.answer", "value": keys(scope)})
            return
        log.append((await receive())["type"])
        scope["state"]["inner"] = scope["state"]["a"]
        await send({"type": STARTED})
        log.append((await receive())["type"])
        await send({"type": STOPPED})

    wrapper = LifespanApplication(application, registry=registry)
    server = Server(wrapper, state)

    assert await server.start() == {"type": STARTED}
    assert await server.request() == ["a", "inner"]
    assert await server.stop() == {"type": STOPPED}
    assert log == ["+a", STARTUP, SHUTDOWN, "-a"]


async def test_one_that_raises_at_once(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An application that raises before it listens, as Django does, speaks none."""

    async def talk(receive: Any, send: Any) -> None:
        raise ValueError

    await serve(registry, log, speaker(talk))

    assert log == ["+a", STARTED, "-a", STOPPED]
    assert logged(caplog) == []


async def test_one_that_returns_at_once(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An application that returns without an answer speaks none."""

    async def talk(receive: Any, send: Any) -> None:
        log.append("called")

    await serve(registry, log, speaker(talk))

    assert log == ["+a", "called", STARTED, "-a", STOPPED]
    assert logged(caplog) == []


async def test_one_that_answers_in_another_protocol(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An application that takes every scope for a request speaks none."""

    async def talk(receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    await serve(registry, log, speaker(talk))

    assert log == ["+a", STARTED, "-a", STOPPED]
    assert logged(caplog) == []


IGNORED = (
    "WARNING",
    (
        "speaker.<locals>.shop raised in its lifespan before it answered. It is taken "
        "for an application without lifespan, as the ASGI specification has it."
    ),
)


async def test_one_that_raises_after_it_has_listened(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An error after the message is tolerated, and told with its traceback."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        message = "half-way"
        raise ValueError(message)

    await serve(registry, log, speaker(talk))

    assert log == ["+a", STARTED, "-a", STOPPED]
    assert logged(caplog) == [IGNORED]
    assert "ValueError: half-way" in caplog.text


async def test_one_that_answers_nonsense(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An answer that is none is an error in the application, which is told."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.perhaps"})

    await serve(registry, log, speaker(talk))

    assert log == ["+a", STARTED, "-a", STOPPED]
    assert logged(caplog) == [IGNORED]
    assert (
        "RuntimeError: speaker.<locals>.shop sent 'lifespan.startup.perhaps' in answer "
        "to 'lifespan.startup'"
    ) in caplog.text


async def test_one_that_never_returns(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An application that stays after its last answer is cancelled, soon."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": STARTED})
        await receive()
        await send({"type": STOPPED})
        try:
            await receive()
        finally:
            log.append("cancelled")

    await serve(registry, log, speaker(talk))

    assert log == ["+a", STARTED, "cancelled", "-a", STOPPED]
    assert logged(caplog) == []


async def test_one_that_returns_after_its_startup(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An application that waits for no shutdown has none."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": STARTED})

    await serve(registry, log, speaker(talk))

    assert log == ["+a", STARTED, "-a", STOPPED]
    assert logged(caplog) == []
