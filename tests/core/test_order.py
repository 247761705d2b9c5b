"""Lifespans start by the plan and stop in its reverse."""

from __future__ import annotations

from lifespan_registry import Registry
from tests.tracked import tracked


async def test_plan_order_and_its_exact_reverse(
    registry: Registry, log: list[str]
) -> None:
    """Lifespans that never suspend start in plan order and stop in its reverse."""
    tracked(registry, log, "a")
    tracked(registry, log, "b")
    tracked(registry, log, "c", requires="a")
    tracked(registry, log, "lone")
    tracked(registry, log, "d", requires="c")

    async with registry.run():
        assert log == [f"+{name}" for name in registry.plan().names]
        log.append("up")

    started = log[: log.index("up")]
    assert log[log.index("up") + 1 :] == [f"-{one[1:]}" for one in reversed(started)]
    assert registry.plan().names == ("a", "b", "lone", "c", "d")
