"""Daphne's ``runserver``, where Daphne is an app of the project.

It has its own options, banner and log; `lifespan_registry.servers.daphne` brings the
lifespans.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand

from lifespan_registry.runserver import application, banner
from lifespan_registry.servers.daphne.development.management.commands import runserver

_base: type[Any] = runserver.Command


class Command(_base):  # type: ignore[misc]
    """Serve the project with Daphne."""

    def get_application(self, options: dict[str, Any]) -> Any:
        """Return what is served, with lifespans around it."""
        parent: Any = super()
        return application.wrapped(parent.get_application(options), self._warn)

    def server_cls(self, *args: Any, **kwargs: Any) -> Any:
        """Make a server: Daphne calls this as a class, and then ``run()``."""
        parent: Any = super()
        server: Any = parent.server_cls(*args, **kwargs)
        # The lifespans are started before the reactor runs.
        reactor: Any = sys.modules["twisted.internet.reactor"]
        reactor.callWhenRunning(self._announce, time.monotonic())
        return server

    def _announce(self, began: float) -> None:
        self.stdout.write(banner.started(time.monotonic() - began))

    def _warn(self, text: str) -> None:
        self.stderr.write(self.style.WARNING(text))


def usable() -> type[BaseCommand]:
    """Return the command; what it is made of has been looked at where that is."""
    return Command
