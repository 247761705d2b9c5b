"""Start what a Django project needs with its server, and stop it with it.

This module has the public names and imports neither Django nor a server. The errors are
in `lifespan_registry.exceptions`, the wrapper in `lifespan_registry.asgi`.
"""

from lifespan_registry._core.lifespan import Lifespan
from lifespan_registry._core.registry import Registry, default_registry, on_lifespan
from lifespan_registry._core.run import Run
from lifespan_registry._core.state import State

__all__ = ["Lifespan", "Registry", "Run", "State", "default_registry", "on_lifespan"]
