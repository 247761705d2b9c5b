"""Lifespans in the tests of pytest, which finds this plugin by itself.

Until a test asks for one of its fixtures, it imports neither Django nor the engine.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lifespan_registry import Registry, Run
    from lifespan_registry._core.overrides import Layer
    from lifespan_registry.testing import AsyncLifespanClient, LifespanClient

LOOPS = "lifespan_registry.pytest_plugin.loops"
"""The plugin beside this one that knows the event loops of pytest-asyncio."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and the loops of pytest-asyncio where that is used."""
    config.addinivalue_line(
        "markers",
        "lifespans(only=, skip=, tags=, override={}): which lifespans the fixture "
        "lifespan_run starts, and what stands in the place of some. Of each option the "
        "closest marker counts; overrides add up.",
    )
    asyncio_plugin = sys.modules.get("pytest_asyncio.plugin")
    if asyncio_plugin and config.pluginmanager.is_registered(asyncio_plugin):
        from lifespan_registry.pytest_plugin import loops  # noqa: PLC0415

        config.pluginmanager.register(loops, LOOPS)


@pytest.fixture
def lifespan_registry() -> Registry:
    """Return the registry whose lifespans a test starts; override it by another one."""
    from django.apps import apps  # noqa: PLC0415

    from lifespan_registry import default_registry  # noqa: PLC0415

    if not apps.ready and not len(default_registry):
        pytest.fail(
            "no lifespan is registered: Django has not been set up, which imports "
            "the module 'lifespans' of each app. Install pytest-django and name the "
            "settings, as DJANGO_SETTINGS_MODULE in the configuration of pytest; or "
            "call django.setup() in pytest_configure() of conftest.py. Without Django, "
            "let a fixture lifespan_registry of yours return the registry.",
            pytrace=False,
        )
    return default_registry


@pytest.fixture
def lifespan_run(
    request: pytest.FixtureRequest, lifespan_registry: Registry
) -> Iterator[Run]:
    """Start the lifespans for a test, and stop them after it: the `Run`.

    An async test has them on its own event loop, a sync one on a loop in a thread, on
    which async views then run, too. The marker ``lifespans`` chooses them.
    """
    # Lifespans may use the database, too, until they are stopped.
    for name in ("db", "transactional_db"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    # What @given of Hypothesis makes of an async test is sync, with that one inside.
    given = getattr(request.function, "hypothesis", None)
    if inspect.iscoroutinefunction(getattr(given, "inner_test", request.function)):
        yield request.getfixturevalue(_async_fixture(request))
    else:
        from lifespan_registry.pytest_plugin import runs  # noqa: PLC0415

        with runs.started_in_thread(request.node, lifespan_registry) as run:
            yield run


def _async_fixture(request: pytest.FixtureRequest) -> str:
    """Name the fixture that starts a run on the event loop of an async test."""
    mark = request.node.get_closest_marker("asyncio")
    if mark and request.config.pluginmanager.has_plugin(LOOPS):
        # As pytest-asyncio documents the marker; `scope` is its former word.
        scope = mark.kwargs.get("loop_scope") or mark.kwargs.get("scope")
        scope = scope or request.config.getini("asyncio_default_test_loop_scope")
        return f"_lifespan_run_in_{scope}_loop"
    if "anyio_backend" not in request.fixturenames:
        pytest.fail(
            "lifespan_run finds no event loop for this async test: neither "
            "pytest-asyncio nor the plugin of anyio runs it. Give it the marker of one "
            "of them (@pytest.mark.asyncio, @pytest.mark.anyio), or switch on its "
            "mode 'auto'. In a class of unittest, inherit from a mixin of "
            "lifespan_registry.testing instead.",
            pytrace=False,
        )
    if (backend := request.getfixturevalue("anyio_backend_name")) != "asyncio":
        pytest.fail(
            f"lifespans run on asyncio, and this test runs on {backend}. Let the "
            "fixture anyio_backend return 'asyncio', for the tests that use "
            "lifespan_run.",
            pytrace=False,
        )
    return "_lifespan_run_in_anyio"


@pytest.fixture
def _lifespan_overrides() -> tuple[Layer, ...]:
    from lifespan_registry._core import overrides  # noqa: PLC0415

    return overrides.current()


@pytest.fixture
async def _lifespan_run_in_anyio(
    request: pytest.FixtureRequest,
    lifespan_registry: Registry,
    _lifespan_overrides: tuple[Layer, ...],
) -> AsyncIterator[Run]:
    from lifespan_registry._core import overrides  # noqa: PLC0415
    from lifespan_registry.pytest_plugin import runs  # noqa: PLC0415

    # What sync fixtures set is not seen in the task in which anyio runs all the rest.
    with overrides.also(_lifespan_overrides):
        async with runs.started(request.node, lifespan_registry) as run:
            yield run


@pytest.fixture
def lifespan_client(lifespan_run: Run) -> LifespanClient:
    """Return Django's test client, whose requests have the state of `lifespan_run`."""
    from lifespan_registry.testing import LifespanClient  # noqa: PLC0415

    return LifespanClient(run=lifespan_run)


@pytest.fixture
def async_lifespan_client(lifespan_run: Run) -> AsyncLifespanClient:
    """Return Django's async test client, bound to `lifespan_run` likewise."""
    from lifespan_registry.testing import AsyncLifespanClient  # noqa: PLC0415

    return AsyncLifespanClient(run=lifespan_run)
