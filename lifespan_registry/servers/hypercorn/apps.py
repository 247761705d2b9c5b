"""The app itself; what it does is in `guard`."""

from __future__ import annotations

import sys

from django.apps import AppConfig

from lifespan_registry.servers.checks import register_checks


class HypercornConfig(AppConfig):
    """Protects the workers of Hypercorn from one another."""

    name = "lifespan_registry.servers.hypercorn"
    label = "lifespan_registry_hypercorn"
    verbose_name = "Lifespans under Hypercorn"

    def ready(self) -> None:
        """Put the guard in its place, if this process is a worker of Hypercorn."""
        register_checks()
        if "hypercorn" in sys.modules:
            from lifespan_registry.servers.hypercorn import guard  # noqa: PLC0415

            guard.install()
