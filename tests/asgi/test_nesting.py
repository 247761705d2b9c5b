"""A wrapper in a wrapper, and one wrapper in two event loops."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication
from tests.asgi.servers import (
    START_FAILED,
    STARTED,
    STARTUP,
    STOPPED,
    WITHIN,
    Script,
    Server,
    ServerState,
    keys,
    wrapped,
)
from tests.tracked import boom, tracked


async def test_same_registry_twice(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """Lifespans run once where two wrappers of their registry are in each other."""
    a = tracked(registry, log, "a")
    inner = wrapped(registry, lambda scope: (keys(scope), a.get(scope), a.get()))
    outer = LifespanApplication(inner, registry=registry)
    server = Server(outer, state)

    assert await server.start() == {"type": STARTED}
    assert await server.request() == (["a"], "a", "a")
    assert await server.stop() == {"type": STOPPED}
    assert log == ["+a", "-a"]


async def test_two_registries(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """Two registries both run, and each handle finds its own value in the scope."""
    other = Registry()
    ours = tracked(registry, log, "ours")
    theirs = tracked(other, log, "theirs")
    inner = wrapped(
        other, lambda scope: (keys(scope), ours.get(scope), theirs.get(scope))
    )
    outer = LifespanApplication(inner, registry=registry)
    server = Server(outer, state)

    assert await server.start() == {"type": STARTED}
    assert await server.request() == (["ours", "theirs"], "ours", "theirs")
    assert (ours.get(), theirs.get()) == ("ours", "theirs")
    assert await server.stop() == {"type": STOPPED}
    assert log == ["+ours", "+theirs", "-theirs", "-ours"]


async def test_same_name_in_two_registries(
    registry: Registry, log: list[str], state: ServerState
) -> None:
    """Handles of one name keep apart: each has the value of its own registry."""
    other = Registry()
    ours = tracked(registry, log, "a", state_key="outer a")
    theirs = tracked(other, log, "a", state_key=None, enter=lambda: log.append("in"))
    inner = wrapped(other, lambda scope: (ours.get(scope), theirs.get(scope)))
    outer = LifespanApplication(inner, registry=registry)
    server = Server(outer, state)

    await server.start()
    assert await server.request() == ("a", "a")
    await server.stop()
    assert log == ["+a", "in", "+a", "-a", "-a"]


async def test_inner_registry_fails(registry: Registry, log: list[str]) -> None:
    """A failed start of the inner registry is a failed start of the outer one."""
    other = Registry()
    tracked(registry, log, "ours")
    tracked(other, log, "theirs")
    bad = tracked(other, log, "bad", requires="theirs", enter=boom("no database"))
    server = Script(log, STARTUP)

    await server.run(LifespanApplication(wrapped(other), registry=registry))

    assert log == ["+ours", "+theirs", "-theirs", "-ours", START_FAILED]
    message = server.messages[0]["message"]
    assert f"{bad.definition.origin}: RuntimeError: no database" in message


def test_two_event_loops_through_one_wrapper(
    registry: Registry, log: list[str], anyio_backend: tuple[str, dict[str, Any]]
) -> None:
    """Two servers in two threads share a wrapper, and no value."""
    numbers = iter(range(2))
    a = registry.on_lifespan(name="a")(lambda: Number(next(numbers)))
    application = wrapped(registry, lambda scope: (a.get(scope), a.get()))
    both = threading.Barrier(2, timeout=WITHIN)
    answers: list[tuple[int, int]] = []

    async def serve() -> None:
        server = Server(application, {})
        await server.start()
        await asyncio.to_thread(both.wait)
        answers.append(await server.request())
        await asyncio.to_thread(both.wait)
        await server.stop()

    def work() -> None:
        with asyncio.Runner(**anyio_backend[1]) as runner:
            runner.run(serve())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN)

    assert sorted(answers) == [(0, 0), (1, 1)]


class Number:
    """A lifespan whose value is its number."""

    def __init__(self, number: int) -> None:
        self.number = number

    async def __aenter__(self) -> int:
        return self.number

    async def __aexit__(self, *error: object) -> None:
        return


async def test_values_of_the_second_start(registry: Registry) -> None:
    """A second start gives requests its own values, and keeps none of the first."""
    numbers = iter(range(2))
    a = registry.on_lifespan(name="a")(lambda: Number(next(numbers)))
    application = wrapped(registry, a.get)

    for number in range(2):
        server = Server(application, {})
        await server.start()
        assert await server.request() == number
        await server.stop()
