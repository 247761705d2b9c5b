"""What every test may use: a registry of its own, a log of events, a hostile loop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.urls import clear_script_prefix

from lifespan_registry import Registry


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a run of the tests may ask for beside the usual."""
    # Every task starts at once, in the middle of who creates it.
    parser.addoption(
        "--eager", action="store_true", help="run with asyncio.eager_task_factory"
    )
    parser.addoption(
        "--all-servers",
        action="store_true",
        help="run all rows; fail where a server is missing",
    )
    parser.addoption(
        "--repetitions", type=int, default=1, help="stop each server so many times"
    )


def pytest_configure() -> None:
    """Set up the tests' own Django project."""
    # Whoever is started in the background of a shell does not hear Ctrl-C, and neither
    # would the processes that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()


def quiet_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop, whose debug mode warns of nothing that is slow."""
    loop = asyncio.new_event_loop()
    # On a machine under load anything is, and tests look at what has been logged.
    loop.slow_callback_duration = 3600
    return loop


def eager_loop() -> asyncio.AbstractEventLoop:
    """Return one with eager tasks."""
    loop = quiet_loop()
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
    return loop


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Run async tests on asyncio in debug mode, with ``--eager`` on eager tasks."""
    is_eager = request.config.getoption("--eager")
    factory = eager_loop if is_eager else quiet_loop
    return "asyncio", {"debug": True, "loop_factory": factory}


@pytest.fixture(name="registry")
def _registry() -> Registry:
    """A registry that no other test knows."""
    return Registry()


@pytest.fixture(name="log")
def _log() -> list[str]:
    """What has happened, in its order."""
    return []


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Each test ends the threads of its sync lifespans."""
    yield
    ours = [one for one in threading.enumerate() if one.name.startswith("lifespan ")]
    assert [one for one in ours if one.join(5) or one.is_alive()] == []


@pytest.fixture(autouse=True)
def _no_root_is_left() -> Iterator[None]:
    """Each test forgets under which root its requests were served.

    With the oldest asgiref, Django's note of it outlives them.
    """
    yield
    clear_script_prefix()
