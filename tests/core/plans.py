"""Lifespans that are ordered, and never run."""

from __future__ import annotations

from typing import Any

from lifespan_registry import Lifespan, Registry


def add(registry: Registry, *names: str, **options: Any) -> Lifespan[Any]:
    """Register a lifespan for each of *names*; return the last one."""
    return [registry.on_lifespan(name=n, **options)(lambda: (yield)) for n in names][-1]


def order(registry: Registry, **options: Any) -> str:
    """Return the names of the plan."""
    return " ".join(registry.plan(**options).names)
