"""The wrapper answers the lifespan protocol so that every server understands it."""

from __future__ import annotations

import inspect

import pytest
from asgiref.compatibility import guarantee_single_callable, is_double_callable
from uvicorn import Config

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication, get_asgi_application
from tests.asgi.servers import (
    SHUTDOWN,
    STARTED,
    STARTUP,
    STOPPED,
    Plain,
    Script,
    Server,
    logged,
    wrapped,
)
from tests.tracked import tracked


async def test_start_and_stop(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """All are up before the server is told so, and exited before it is told that."""
    tracked(registry, log, "a")
    tracked(registry, log, "b", requires="a")

    await Script(log, STARTUP, SHUTDOWN).run(wrapped(registry))

    assert log == ["+a", "+b", STARTED, "-b", "-a", STOPPED]
    assert logged(caplog) == []


async def test_communicator_talks_to_it(registry: Registry, log: list[str]) -> None:
    """asgiref's own test server gets the two answers of the specification."""
    tracked(registry, log, "a")
    server = Server(wrapped(registry), {})

    assert await server.start() == {"type": STARTED}
    assert await server.stop() == {"type": STOPPED}
    assert log == ["+a", "-a"]


async def test_same_wrapper_runs_again(registry: Registry, log: list[str]) -> None:
    """One application goes through as many starts and stops as the server wants."""
    tracked(registry, log, "a")
    application = wrapped(registry)

    await Script(log, STARTUP, SHUTDOWN).run(application)
    await Script(log, STARTUP, SHUTDOWN).run(application)

    assert log == ["+a", STARTED, "-a", STOPPED] * 2


async def test_empty_registry(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A registry without lifespans starts and stops as any other, with a warning."""
    await Script(log, STARTUP, SHUTDOWN).run(wrapped(registry))

    assert log == [STARTED, STOPPED]
    text = (
        "No lifespan is registered, so that none is started. Is 'lifespan_registry' in "
        "INSTALLED_APPS, and are the lifespans in the module 'lifespans' of an app?"
    )
    assert logged(caplog) == [("WARNING", text)]


async def test_keyword_arguments(registry: Registry, log: list[str]) -> None:
    """A server may pass the three arguments by name, as Daphne does."""
    tracked(registry, log, "a")
    server = Script(log, STARTUP, SHUTDOWN)

    await wrapped(registry)(
        scope=server.scope, receive=server.receive, send=server.send
    )

    assert log == ["+a", STARTED, "-a", STOPPED]


@pytest.mark.parametrize("make", [Plain, get_asgi_application])
def test_servers_take_it_for_asgi_3(registry: Registry, make: type[Plain]) -> None:
    """Whatever a server looks at, it sees a single callable of three arguments."""
    application = LifespanApplication(make(), registry=registry)
    config = Config(application, log_config=None, ws="none")
    config.load()

    assert not is_double_callable(application)
    assert guarantee_single_callable(application) is application
    assert config.asgi_version == "3.0"
    assert inspect.iscoroutinefunction(type(application).__call__)
    assert [*inspect.signature(application).parameters] == ["scope", "receive", "send"]


async def test_repr_names_the_wrapped_application(registry: Registry) -> None:
    """A wrapper says what it is around."""
    assert repr(wrapped(registry)) == "<LifespanApplication around Plain>"
