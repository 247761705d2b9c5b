"""A start by a request that fails, and clients that do not wait for it."""

from __future__ import annotations

import asyncio

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import LazyStartError
from tests.asgi.lazy import WARNING, event_loop_ends, in_turn, send, warnings
from tests.asgi.servers import WITHIN, Gate, Server, done, keys, logged, wrapped
from tests.core.waiting import named, some_steps
from tests.tracked import boom, tracked


async def test_all_that_have_waited_are_told(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever has waited for a start that fails is told; what had started is exited."""
    gate = Gate()

    async def fail() -> None:
        await gate()
        raise OSError("no route to host")

    tracked(registry, log, "a")
    bad = tracked(registry, log, "bad", requires="a", enter=fail)
    server = Server(wrapped(registry, keys))
    requests = [asyncio.create_task(server.request()) for _ in range(3)]
    await gate.reached.wait()

    gate.open.set()

    errors = [await done(one) for one in requests]
    failure = (
        f"1 lifespan failed to start:\n    {bad.definition.origin}: "
        "OSError: no route to host"
    )
    assert [type(one) for one in errors] == [LazyStartError] * 3
    assert len(set(map(id, errors))) == 3
    assert [one.failure for one in errors if isinstance(one, LazyStartError)] == [
        failure
    ] * 3
    assert str(errors[0]) == (
        "the server does not start the lifespans, and their start by a request has "
        f"failed: {failure}\n"
        "The log of the start has the whole traceback. The next request tries again."
    )
    assert log == ["+a", "-a"]
    assert logged(caplog)[0] == WARNING
    assert [one for one in logged(caplog) if one[0] == "ERROR"] == [("ERROR", failure)]
    assert caplog.text.count("in fail") == 1


async def test_request_to_another_application(
    registry: Registry, log: list[str]
) -> None:
    """Nor is one served that comes to another application with the same registry."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "bad", requires="a", enter=boom(), after="gate")
    tracked(registry, log, "gate", enter=gate)
    first = asyncio.create_task(Server(wrapped(registry, keys)).request())
    await gate.reached.wait()
    second = asyncio.create_task(Server(wrapped(registry, keys)).request())
    await some_steps()

    gate.open.set()

    for request in (first, second):
        assert isinstance(await done(request), LazyStartError)


async def test_next_request_tries_again(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """After a failure the next request starts once more, without another warning."""
    tracked(registry, log, "a", enter=in_turn(boom("first"), boom("second"), dict))
    server = Server(wrapped(registry, keys))

    async with event_loop_ends():
        for text in ("first", "second"):
            with pytest.raises(LazyStartError, match=text):
                await server.request("websocket")
        assert await server.request() == ["a"]

    assert log == ["+a", "-a"]
    assert warnings(caplog) == [WARNING]


async def test_plan_error(registry: Registry, log: list[str]) -> None:
    """An error of the plan is told in the same way."""
    tracked(registry, log, "a", requires="nobody")

    with pytest.raises(LazyStartError, match="requires 'nobody'"):
        await Server(wrapped(registry, keys)).request()


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
async def test_orders_to_leave(
    registry: Registry, log: list[str], kind: type[BaseException]
) -> None:
    """An order to leave fails the start, as it does under a server."""
    tracked(registry, log, "a", enter=boom("out", kind))

    with pytest.raises(LazyStartError, match=f"{kind.__name__}: out"):
        await Server(wrapped(registry, keys)).request()


async def test_first_client_goes_away(registry: Registry, log: list[str]) -> None:
    """A request that is cancelled does not end the start for those that wait."""
    gate = Gate()
    tracked(registry, log, "a", enter=gate)
    application = wrapped(registry, keys)

    async with event_loop_ends():
        first = send(application)
        await gate.reached.wait()
        second = asyncio.create_task(Server(application).request())
        first.cancel()
        assert isinstance(await done(first), asyncio.CancelledError)
        gate.open.set()
        assert await second == ["a"]

    assert log == ["+a", "-a"]


@pytest.mark.parametrize("fails", [False, True])
async def test_all_clients_go_away(
    registry: Registry,
    log: list[str],
    fails: bool,  # noqa: FBT001
) -> None:
    """The start goes on when nobody waits for it; the next request finds its end."""
    gate = Gate()

    async def enter() -> None:
        await gate()
        if fails and not log:
            log.append("fail")
            raise OSError

    tracked(registry, log, "a", enter=enter)
    application = wrapped(registry, keys)

    async with event_loop_ends():
        requests = [send(application) for _ in range(2)]
        await gate.reached.wait()
        for one in requests:
            one.cancel()
            await done(one)
        start = named("first request")
        gate.open.set()
        assert await done(start) is None
        assert await Server(application).request() == ["a"]

    assert log == (["fail"] if fails else []) + ["+a", "-a"]


async def test_server_cancels_all_during_the_start(
    registry: Registry, log: list[str]
) -> None:
    """A server that ends during the start has it unwound."""
    gate = Gate()
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a", enter=gate)

    async with event_loop_ends():
        request = send(wrapped(registry, keys))
        await asyncio.wait_for(gate.reached.wait(), WITHIN)

    assert isinstance(await done(request), asyncio.CancelledError)
    assert log == ["+a", "-a"]
