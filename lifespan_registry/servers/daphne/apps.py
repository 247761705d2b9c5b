"""The app itself; what it does is in `hooks`."""

from __future__ import annotations

import importlib.util
import logging

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

from lifespan_registry.servers.checks import register_checks


class DaphneConfig(AppConfig):
    """Has Daphne start the lifespans before it binds, and stop them after it."""

    name = "lifespan_registry.servers.daphne"
    label = "lifespan_registry_daphne"
    verbose_name = "Lifespans under Daphne"

    def ready(self) -> None:
        """Reach Daphne, if this process is one.

        Raises `ImproperlyConfigured` where the package is not installed.
        """
        if importlib.util.find_spec("daphne") is None:
            raise ImproperlyConfigured(
                f"{self.name!r} is in INSTALLED_APPS, and the package Daphne is not "
                'installed: pip install "lifespan-registry[daphne]"'
            )
        register_checks()
        from lifespan_registry.servers.daphne import hooks  # noqa: PLC0415

        # LOGGING may have silenced it, and this app may come before the one that sees
        # to that: what the hooks have to say must not be lost.
        logging.getLogger("lifespan_registry").disabled = False
        hooks.install()
