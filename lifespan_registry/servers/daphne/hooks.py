"""The two places in which Daphne says which server it is to run.

Both are plain attributes, made to be overridden by a subclass. Nothing of Daphne is
imported here: under another server it would be there for nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType

from django.apps import apps

from lifespan_registry.servers.daphne.server import warn, with_lifespans

DEVELOPMENT = "lifespan_registry.servers.daphne.development"
"""What looks like an app with one command: Daphne's ``runserver``, with lifespans."""


def install() -> None:
    """Have ``daphne`` and its ``runserver`` run the server with lifespans."""
    # The command imports the application, and with it Django; it is there first.
    if cli := sys.modules.get("daphne.cli"):
        _replace_server(cli)
    if apps.is_installed("daphne"):
        _replace_runserver()


def _replace_server(cli: ModuleType) -> None:
    try:
        command_line = cli.CommandLineInterface
        # It is read after the import of the application (Daphne 4.1 and 4.2).
        command_line.server_class = with_lifespans(command_line.server_class)
    except AttributeError as error:
        warn(str(error))


def _replace_runserver() -> None:
    """Put our command in the place of Daphne's, wherever the apps stand."""
    # Not at the top: only processes with Daphne pay for the import.
    from django.core.management import get_commands  # noqa: PLC0415

    # The dictionary is cached, and that is promised where it is defined. A command of
    # another app that comes before Daphne's stays what it is.
    if get_commands().get("runserver") == "daphne":
        get_commands()["runserver"] = DEVELOPMENT
        if get_commands()["runserver"] != DEVELOPMENT:
            warn("the cache of django.core.management.get_commands()")
