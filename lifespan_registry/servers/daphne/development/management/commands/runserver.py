"""Daphne's ``runserver``, which runs the server with lifespans."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lifespan_registry.servers.daphne.server import warn, with_lifespans
from lifespan_registry.servers.reloading import GracefulReload


def _command() -> type[Any]:
    base: type[Any] = import_module("daphne.management.commands.runserver").Command
    # Django's own command has one as well, which Daphne's overrides.
    plain = vars(base).get("server_cls")
    if plain is None:
        warn("runserver.Command.server_cls")
        return base
    server_class = with_lifespans(plain)
    if server_class is plain:
        return base

    class Command(GracefulReload, base):  # type: ignore[misc]
        """Serve the project with Daphne, and start and stop its lifespans."""

        server_cls: Any = _gracefully(server_class)

    return Command


def _gracefully(server_class: type[Any]) -> Any:
    def make(command: GracefulReload, *args: Any, **kwargs: Any) -> Any:
        """Make a server as its class does; Daphne then calls ``run()``."""
        server = server_class(*args, **kwargs)
        run = server.run

        def run_to_the_end() -> None:
            with command.serving(server.leave):
                run()

        server.run = run_to_the_end
        return server

    return make


Command = _command()
