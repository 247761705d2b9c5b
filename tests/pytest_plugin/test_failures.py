"""A start or a stop that fails is the error of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.inner import run

TESTS = """
import pytest
from lifespan_registry import default_registry

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.lifespans(only="bad_start")
{mark}
{function} test_start(lifespan_run):
    raise NotImplementedError

@pytest.mark.lifespans(only="bad_stop")
{mark}
{function} test_stop(lifespan_run):
    pass

{mark}
{function} test_nothing_is_up():
    assert default_registry.current_run() is None
"""

LIFESPANS = """
from lifespan_registry import on_lifespan

@on_lifespan
async def bad_start():
    raise OSError("no connection")
    yield

@on_lifespan
async def bad_stop():
    yield
    raise OSError("connection lost")
"""

START = """\
StartupError: 1 lifespan failed to start:
    'bad_start' (shop/lifespans.py:4): OSError: no connection

Traceback (most recent call last):
  File "{file}", line 6, in bad_start
    raise OSError("no connection")
OSError: no connection
"""

STOP = """\
ShutdownError: 1 lifespan failed to stop:
    'bad_stop' (shop/lifespans.py:9): OSError: connection lost

Traceback (most recent call last):
  File "{file}", line 12, in bad_stop
    raise OSError("connection lost")
OSError: connection lost
"""

FORMS = {
    "sync": ("", "def", ()),
    "anyio": ("@pytest.mark.anyio", "async def", ("anyio",)),
    "asyncio": ("@pytest.mark.asyncio", "async def", ("asyncio",)),
}


@pytest.mark.parametrize("form", FORMS)
def test_failures(tmp_path: Path, form: str) -> None:
    """The error says what has failed and where, and little besides."""
    mark, function, plugins = FORMS[form]
    tests = TESTS.format(mark=mark, function=function)
    outcome = run(tmp_path, tests, plugins=plugins, shop__lifespans=LIFESPANS)
    assert outcome.counts == {"passed": 2, "error": 2}, outcome.text
    assert outcome.errors == [
        START.format(file=tmp_path / "shop" / "lifespans.py"),
        STOP.format(file=tmp_path / "shop" / "lifespans.py"),
    ]
