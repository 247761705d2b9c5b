"""Snippets may register on the registry that everybody shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lifespan_registry import default_registry


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """The default registry is empty, and afterwards as it was before."""
    kept = default_registry._registry
    default_registry._registry = {}
    yield
    default_registry._registry = kept
