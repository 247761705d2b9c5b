"""A run on each of the event loops that pytest-asyncio can run a test on.

Imported where pytest-asyncio is. In its strict mode it takes only async fixtures that
are declared with its own decorator, and each belongs to the loop of one scope.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from lifespan_registry import Registry, Run


def _on_loop_of(
    scope: Literal["function", "class", "module", "package", "session"],
) -> Any:
    """Declare a fixture that holds a run open on the loop of *scope*, for one test."""

    async def run_in_loop(
        request: pytest.FixtureRequest, lifespan_registry: Registry
    ) -> AsyncIterator[Run]:
        from lifespan_registry.pytest_plugin import runs  # noqa: PLC0415

        async with runs.started(request.node, lifespan_registry) as run:
            yield run

    name = f"_lifespan_run_in_{scope}_loop"
    return pytest_asyncio.fixture(loop_scope=scope, name=name)(run_in_loop)


in_function_loop = _on_loop_of("function")
in_class_loop = _on_loop_of("class")
in_module_loop = _on_loop_of("module")
in_package_loop = _on_loop_of("package")
in_session_loop = _on_loop_of("session")
