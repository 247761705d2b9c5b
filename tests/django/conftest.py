"""Tests of the Django face register on the registry that everybody shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifespan_registry import Registry, default_registry


@pytest.fixture(name="default")
def _default() -> Iterator[Registry]:
    """The default registry, empty, and afterwards as it was before."""
    kept = default_registry._registry
    default_registry._registry = {}
    yield default_registry
    default_registry._registry = kept


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, from which modules can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path
