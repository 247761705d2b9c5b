"""Async tests: the lifespans live on the event loop of the test itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.inner import run

TESTS = """
import asyncio
import pytest
import {library}
from lifespan_registry import default_registry
from shop.lifespans import loop, sentence

{header}

@{library}.fixture
async def shouted(lifespan_run):
    yield sentence.get().upper()
    assert sentence.get()

@{library}.fixture
async def response(async_lifespan_client):
    return await async_lifespan_client.get("/async")

runs = []

{mark}
async def test_values(lifespan_run):
    assert default_registry.current_run() is lifespan_run
    assert loop.get() is asyncio.get_running_loop()
    assert sentence.get() == lifespan_run.state.sentence == "hello world"
    runs.append(lifespan_run)

{mark}
async def test_fixture_before_it_stops_after_it(shouted, lifespan_run):
    assert shouted == "HELLO WORLD"
    assert lifespan_run not in runs

{mark}
async def test_response_of_a_fixture(response):
    assert response.text == "hello world"

class TestViews:
    {mark}
    @pytest.mark.parametrize("path", ["sync", "async"])
    async def test_views(self, async_lifespan_client, path):
        response = await async_lifespan_client.get(f"/{{path}}")
        assert response.text == "hello world"

{mark}
async def test_nothing_is_up_without_the_fixture():
    assert default_registry.current_run() is None

def test_sync(lifespan_run):
    assert loop.get() is lifespan_run.loop
"""

ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_pytest_asyncio_strict(tmp_path: Path, scope: str) -> None:
    """The run is on the loop that the marker of the test names."""
    tests = TESTS.format(
        library="pytest_asyncio",
        header="",
        mark=f"@pytest.mark.asyncio(loop_scope={scope!r})",
    )
    # The loop of async fixtures is an option apart.
    ini = f"asyncio_default_fixture_loop_scope = {scope}"
    outcome = run(tmp_path, tests, plugins=("asyncio",), ini=ini)
    assert outcome.counts == {"passed": 7}, outcome.text


@pytest.mark.parametrize("scope", ["function", "session"])
def test_pytest_asyncio_auto(tmp_path: Path, scope: str) -> None:
    """The run is on the loop that the configuration names."""
    tests = TESTS.format(library="pytest", header="", mark="")
    ini = (
        "asyncio_mode = auto\n"
        f"asyncio_default_test_loop_scope = {scope}\n"
        f"asyncio_default_fixture_loop_scope = {scope}\n"
    )
    outcome = run(tmp_path, tests, plugins=("asyncio", "django"), ini=ini)
    assert outcome.counts == {"passed": 7}, outcome.text


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_anyio(tmp_path: Path, mode: str) -> None:
    """With anyio's plugin test, fixtures and run share one task."""
    mark = "@pytest.mark.anyio" if mode == "strict" else ""
    tests = TESTS.format(library="pytest", header=ANYIO, mark=mark)
    ini = f"anyio_mode = {mode}\n"
    outcome = run(tmp_path, tests, plugins=("anyio",), ini=ini)
    assert outcome.counts == {"passed": 7}, outcome.text


BOTH = """
import asyncio
import pytest
from shop.lifespans import loop

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.asyncio
async def test_asyncio(lifespan_run):
    assert loop.get() is asyncio.get_running_loop()

@pytest.mark.anyio
async def test_anyio(lifespan_run):
    assert loop.get() is asyncio.get_running_loop()
"""


def test_both_plugins(tmp_path: Path) -> None:
    """Each of the two runs what bears its own marker, as far as they let another."""
    # pytest-asyncio 1.0 then leaves a loop of its own open.
    quiet = ("-p", "no:unraisableexception")
    outcome = run(tmp_path, BOTH, *quiet, plugins=("asyncio", "anyio"))
    assert outcome.counts == {"passed": 2}, outcome.text


TRIO = """
import pytest

@pytest.fixture
def anyio_backend():
    return "trio"

@pytest.mark.anyio
async def test_trio(lifespan_run):
    raise NotImplementedError
"""


def test_trio(tmp_path: Path) -> None:
    """Under trio, an error says that lifespans run on asyncio."""
    outcome = run(tmp_path, TRIO, plugins=("anyio",))
    assert outcome.counts == {"error": 1}, outcome.text
    assert outcome.errors[0] == (
        "lifespans run on asyncio, and this test runs on trio. Let the fixture "
        "anyio_backend return 'asyncio', for the tests that use lifespan_run."
    )


NEITHER = """
async def test_async(lifespan_run):
    raise NotImplementedError
"""


@pytest.mark.parametrize("plugins", [(), ("asyncio", "anyio")])
def test_no_plugin(tmp_path: Path, plugins: tuple[str, ...]) -> None:
    """An async test that nobody runs has an error that says what it takes."""
    outcome = run(tmp_path, NEITHER, plugins=plugins)
    assert outcome.counts == {"error": 1}, outcome.text
    assert outcome.errors[0].startswith(
        "lifespan_run finds no event loop for this async test: neither "
        "pytest-asyncio nor the plugin of anyio runs it."
    )


HYPOTHESIS = """
import asyncio
import pytest
from hypothesis import given, settings, HealthCheck, strategies
from shop.lifespans import loop

def tried(test):
    # All examples of a test have the same run: that is what this check warns of.
    health = [HealthCheck.function_scoped_fixture]
    options = settings(
        suppress_health_check=health, max_examples=3, deadline=None, database=None
    )
    return options(given(number=strategies.integers())(test))

@pytest.fixture
def anyio_backend():
    return "asyncio"

@tried
@pytest.mark.{plugin}
async def test_async(lifespan_run, number):
    assert loop.get() is lifespan_run.loop is asyncio.get_running_loop()

@tried
def test_sync(lifespan_run, number):
    assert loop.get() is lifespan_run.loop
"""


@pytest.mark.parametrize("plugin", ["anyio", "asyncio"])
def test_hypothesis(tmp_path: Path, plugin: str) -> None:
    """An async test that Hypothesis calls with examples is still an async one."""
    tests = HYPOTHESIS.format(plugin=plugin)
    outcome = run(tmp_path, tests, plugins=(plugin,))
    assert outcome.counts == {"passed": 2}, outcome.text


OVERRIDE = """
import pytest
from lifespan_registry import default_registry

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
def fake():
    with default_registry.override(sentence="an override by a fixture"):
        yield

@pytest.fixture
async def before():
    return "an async fixture that is there before"

@pytest.fixture
async def async_fake():
    with default_registry.override(sentence="an override by an async fixture"):
        yield

@pytest.fixture
async def silent():
    with default_registry.override(greeting="silence"):
        yield

{mark}
async def test_override(before, fake, lifespan_run):
    assert lifespan_run.state.sentence == "an override by a fixture"

{mark}
async def test_nested(fake, lifespan_run):
    async with default_registry.run() as nested:
        assert nested.state.sentence == "an override by a fixture"

{mark}
async def test_by_an_async_fixture(async_fake, lifespan_run):
    assert lifespan_run.state.sentence == "an override by an async fixture"

{mark}
async def test_both(fake, silent, lifespan_run):
    assert lifespan_run.state.sentence == "an override by a fixture"
    assert lifespan_run.state.greeting == "silence"

{mark}
async def test_async_one_comes_later(fake, async_fake, lifespan_run):
    assert lifespan_run.state.sentence == "an override by an async fixture"

{mark}
async def test_sync_one_comes_later(async_fake, fake, lifespan_run):
    assert lifespan_run.state.sentence == "an override by a fixture"

{mark}
async def test_nothing_is_left(lifespan_run):
    assert lifespan_run.state.sentence == "hello world"
"""


@pytest.mark.parametrize("plugin", ["anyio", "asyncio"])
def test_override_by_a_fixture(tmp_path: Path, plugin: str) -> None:
    """What a fixture has overridden counts, if it was asked for before."""
    tests = OVERRIDE.format(mark=f"@pytest.mark.{plugin}")
    ini = f"{plugin}_mode = auto"
    outcome = run(tmp_path, tests, plugins=(plugin,), ini=ini)
    assert outcome.counts == {"passed": 7}, outcome.text
