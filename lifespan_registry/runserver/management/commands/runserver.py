"""``manage.py runserver``: serve the project on this machine, with its lifespans."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.core.management.base import BaseCommand

# Where Daphne is an app of the project, that is the server which is wished for.
_name = "daphne" if apps.is_installed("daphne") else "command"
_module = import_module(f"lifespan_registry.runserver.{_name}")

Command: type[BaseCommand] = _module.usable()
