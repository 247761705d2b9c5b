"""The plugin is loaded wherever the package is installed, and mostly for nothing."""

from __future__ import annotations

from pathlib import Path

from tests.pytest_plugin.inner import run

UNUSED = """
import sys

def test_unused():
    own = {name for name in sys.modules if name.startswith("lifespan_registry")}
    assert own == {"lifespan_registry", "lifespan_registry.pytest_plugin"}
    assert "django" not in sys.modules
    assert "asyncio" not in sys.modules
"""


def test_unused(tmp_path: Path) -> None:
    """Where nobody asks for it, nothing is imported for its sake."""
    outcome = run(tmp_path, UNUSED, conftest="")
    assert outcome.counts == {"passed": 1}, outcome.text


MANY = """
import pytest
from shop.lifespans import sentence

@pytest.mark.parametrize("number", range(20))
def test_many(lifespan_run, number):
    assert sentence.get() == "hello world"
"""


def test_xdist(tmp_path: Path) -> None:
    """In several processes each has runs of its own."""
    outcome = run(tmp_path, MANY, "--numprocesses", "2")
    assert outcome.counts == {"passed": 20}, outcome.text
