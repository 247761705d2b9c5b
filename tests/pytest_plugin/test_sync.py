"""Sync tests: the lifespans live on an event loop in a thread."""

from __future__ import annotations

from pathlib import Path

from tests.pytest_plugin.inner import run

TESTS = """
import asyncio
import pytest
from asgiref.sync import async_to_sync
from lifespan_registry.exceptions import StoppedError
from shop.lifespans import loop, sentence

def test_values(lifespan_run):
    assert sentence.get() == lifespan_run.state.sentence == "hello world"

async def running_loop():
    return asyncio.get_running_loop()

def test_loop(lifespan_run):
    assert lifespan_run.call(running_loop) is loop.get()
    assert async_to_sync(running_loop)() is loop.get()

@pytest.mark.parametrize("path", ["sync", "async"])
def test_views(lifespan_client, path):
    assert lifespan_client.get(f"/{path}").text == "hello world"

def test_stopped():
    with pytest.raises(StoppedError):
        sentence.get()

@pytest.fixture
def shouted(lifespan_run):
    yield sentence.get().upper()
    assert sentence.get()

def test_sync_fixture(shouted):
    assert shouted == "HELLO WORLD"
"""


def test_sync(tmp_path: Path) -> None:
    """Each test has a run of its own, which is over when the test is."""
    outcome = run(tmp_path, TESTS, plugins=("django",))
    assert outcome.counts == {"passed": 6}, outcome.text
