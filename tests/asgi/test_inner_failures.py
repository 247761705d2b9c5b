"""A wrapped application that fails is named, and ours are exited."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.conductor import Limits
from lifespan_registry.asgi import LifespanApplication
from tests.asgi.inner import Talk, serve, speaker, text, where
from tests.asgi.servers import (
    START_FAILED,
    STARTED,
    STOP_FAILED,
    STOPPED,
    WITHIN,
    Server,
    logged,
)
from tests.tracked import tracked


@pytest.fixture(name="registry")
def _registry(log: list[str]) -> Registry:
    """A registry with one lifespan, which notes that it is around all the rest."""
    registry = Registry()
    tracked(registry, log, "a", startup_timeout=WITHIN)
    return registry


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"message": "no database"}, ": no database"), ({}, ", and did not say why.")],
)
async def test_one_that_fails_at_startup(
    registry: Registry, log: list[str], answer: dict[str, str], said: str
) -> None:
    """An inner startup that has failed makes ours fail by its name, unwound."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": START_FAILED, **answer})

    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages[0]["message"] == text(application, "start", "startup", said)


async def test_one_that_raises_what_it_has_told(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where the failure is raised as well, as Starlette does, that is logged too."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": START_FAILED, "message": "no database"})
        raise OSError

    application = speaker(talk)
    await serve(registry, log, application)

    assert log == ["+a", "-a", START_FAILED]
    expected = text(application, "start", "startup", ": no database")
    assert logged(caplog) == [("ERROR", expected)]
    assert "raise OSError" in caplog.text


async def test_one_that_exits_at_startup(registry: Registry, log: list[str]) -> None:
    """SystemExit is no way to say that one speaks no lifespan: it is a failure."""

    async def talk(receive: Any, send: Any) -> None:
        raise SystemExit(3)

    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages[0]["message"] == text(
        application, "start", "startup", ": SystemExit(3)"
    )


async def test_one_that_raises_right_after_its_startup(
    registry: Registry, log: list[str]
) -> None:
    """An error in the same breath as the answer is not lost: the start fails."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": STARTED})
        raise OSError

    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages[0]["message"] == text(
        application, "start", "startup", ": OSError()"
    )


async def test_one_that_never_answers(registry: Registry, log: list[str]) -> None:
    """An inner startup has the time limit of the registry."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await receive()

    registry.limits = Limits(startup=0.05)
    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", "-a", START_FAILED]
    assert server.messages[0]["message"].startswith(
        f"1 lifespan failed to start:\n    StartupTimeoutError: {where(application)} "
        "has not started within 0.05 s"
    )


async def tell(send: Any) -> None:
    await send({"type": STOP_FAILED, "message": "busy"})


async def raise_at_once(send: Any) -> None:
    raise OSError


async def raise_afterwards(send: Any) -> None:
    await send({"type": STOPPED})
    raise OSError


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (tell, ": busy"),
        (raise_at_once, ": OSError()"),
        (raise_afterwards, ": OSError()"),
    ],
)
async def test_one_that_fails_at_shutdown(
    registry: Registry, log: list[str], how: Talk, said: str
) -> None:
    """An inner shutdown that has failed is told, and ours go on."""

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": STARTED})
        await receive()
        await how(send)

    application = speaker(talk)
    server = await serve(registry, log, application)

    assert log == ["+a", STARTED, "-a", STOP_FAILED]
    assert server.messages[1]["message"] == text(application, "stop", "shutdown", said)


async def raise_error(send: Any) -> None:
    message = "out of memory"
    raise OSError(message)


async def leave_the_process(send: Any) -> None:
    raise SystemExit(3)


async def answer_again(send: Any) -> None:
    await send({"type": STARTED})


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (raise_error, "OSError: out of memory"),
        (
            leave_the_process,
            (
                "the lifespan of the application (speaker.<locals>.shop) "
                "failed at its run: SystemExit(3)"
            ),
        ),
        (
            answer_again,
            (
                "RuntimeError: speaker.<locals>.shop sent 'lifespan.startup.complete', "
                "and nobody had asked"
            ),
        ),
    ],
)
async def test_crash_while_serving(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    how: Talk,
    error: str,
) -> None:
    """An inner lifespan that crashes is logged with its traceback; ours stay up."""
    crash = asyncio.Event()

    async def talk(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": STARTED})
        await crash.wait()
        await how(send)

    application = speaker(talk)
    server = Server(LifespanApplication(application, registry=registry))
    assert await server.start() == {"type": STARTED}

    crash.set()
    async with asyncio.timeout(WITHIN):
        while len(logged(caplog)) < 2:  # noqa: ASYNC110 - a record rings no event
            await asyncio.sleep(0)

    assert log == ["+a"]
    (first, text), (level, message) = logged(caplog)
    assert (first, level) == ("WARNING", "ERROR")
    assert text.startswith(f"lifespan {where(application)} ends by itself, ")
    assert message.startswith(f"lifespan {where(application)} crashed ")
    assert error in caplog.text
    assert await server.stop() == {"type": STOPPED}
    assert log == ["+a", "-a"]


async def test_application_of_which_no_line_is_known(
    registry: Registry, log: list[str]
) -> None:
    """An application without code of its own, such as a partial, is named too."""

    async def shop(name: str, scope: Any, receive: Any, send: Any) -> None:
        raise SystemExit(name)

    server = await serve(registry, log, functools.partial(shop, "shop"))

    assert log == ["+a", "-a", START_FAILED]
    assert (
        "the lifespan of the application (partial) failed at its startup: "
        "SystemExit('shop')"
    ) in server.messages[0]["message"]
