"""The settings of the project under Daphne, where something is not as it was.

``PROJECT_WITHOUT`` says what is gone of Daphne, Twisted or Django, as it may be in a
version to come; what is left works without it.
"""

import functools
import os
import sys
from types import ModuleType
from typing import Any, cast

import daphne.management.commands.runserver
import daphne.server
import django.core.management

from tests.servers.project.settings import *  # noqa: F403

SERVER = daphne.server.Server


class OtherReactor:
    """The reactor, which says nothing of its event loop."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def __getattr__(self, name: str) -> Any:
        if name == "_asyncioEventloop":
            raise AttributeError(name)
        return getattr(self._reactor, name)


def without_server_class() -> None:
    import daphne.cli

    kind = daphne.cli.CommandLineInterface
    del kind.server_class
    kind.__getattr__ = lambda self, name: SERVER


def without_run() -> None:
    run = SERVER.run
    del SERVER.run
    SERVER.__getattr__ = lambda self, name: functools.partial(run, self)


def without_server_cls() -> None:
    kind = daphne.management.commands.runserver.Command
    del kind.server_cls
    handle = kind.handle

    def with_server(self: Any, *args: Any, **options: Any) -> None:
        self.server_cls = SERVER
        handle(self, *args, **options)

    kind.handle = with_server


def without_loop() -> None:
    name = "twisted.internet.reactor"
    sys.modules[name] = OtherReactor(sys.modules[name])


def without_cache() -> None:
    commands = django.core.management.get_commands
    django.core.management.get_commands = commands.__wrapped__


def without_daphne() -> None:
    sys.modules["daphne"] = cast("ModuleType", None)


{
    "daphne": without_daphne,
    "CommandLineInterface.server_class": without_server_class,
    "Server.run": without_run,
    "runserver.Command.server_cls": without_server_cls,
    "reactor._asyncioEventloop": without_loop,
    "get_commands()": without_cache,
}[os.environ["PROJECT_WITHOUT"]]()
