"""A ``runserver`` that does not wait for long."""

from __future__ import annotations

from lifespan_registry.runserver.command import Command as Runserver


class Command(Runserver):
    stop_timeout = 0.5
