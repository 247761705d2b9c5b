"""Start what a Django project needs with its server, and stop it with it.

This module has the public names and imports neither Django nor a server. The errors are
in `lifespan_registry.exceptions`, the wrapper in `lifespan_registry.asgi`.
"""

from typing import TYPE_CHECKING

from lifespan_registry._core.lifespan import Lifespan
from lifespan_registry._core.registry import Registry, default_registry, on_lifespan
from lifespan_registry._core.state import State

if TYPE_CHECKING:
    from lifespan_registry._core.run import Run

__all__ = ["Lifespan", "Registry", "Run", "State", "default_registry", "on_lifespan"]


def __getattr__(name: str) -> object:
    # Most of what imports this only registers, and need not load the engine.
    if name != "Run":
        text = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(text)
    from lifespan_registry._core.run import Run  # noqa: PLC0415

    return Run
