"""The app itself: there is little in it but the command."""

from __future__ import annotations

from django.apps import AppConfig

from lifespan_registry.servers.checks import register_checks


class RunserverConfig(AppConfig):
    """Has ``manage.py runserver`` start the lifespans, and stop them."""

    name = "lifespan_registry.runserver"
    label = "lifespan_registry_runserver"
    verbose_name = "Lifespans under runserver"

    def ready(self) -> None:
        """Let the checks see that the app ``lifespan_registry`` is there, too."""
        register_checks()
