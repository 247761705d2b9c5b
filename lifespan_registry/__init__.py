"""Start what a Django project needs with its server, and stop it with it.

This module has the public names and imports neither Django nor a server. The errors are
in `lifespan_registry.exceptions`, the wrapper in `lifespan_registry.asgi`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifespan_registry._core.lifespan import Lifespan
    from lifespan_registry._core.registry import Registry, default_registry, on_lifespan
    from lifespan_registry._core.report import LifespanReport, Report, Status
    from lifespan_registry._core.run import Run
    from lifespan_registry._core.state import State

__all__ = [
    "Lifespan",
    "LifespanReport",
    "Registry",
    "Report",
    "Run",
    "State",
    "Status",
    "default_registry",
    "on_lifespan",
]

_HOMES = {
    "Lifespan": "lifespan",
    "LifespanReport": "report",
    "Report": "report",
    "Run": "run",
    "State": "state",
    "Status": "report",
}


def __getattr__(name: str) -> object:
    # pytest imports the package wherever it is installed, for the plugin that is in it.
    # And most of what imports it only registers, and need not load the engine.
    if name not in __all__:
        text = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(text)
    from importlib import import_module  # noqa: PLC0415

    home = import_module(f"{__name__}._core.{_HOMES.get(name, 'registry')}")
    value = globals()[name] = getattr(home, name)
    return value
