"""Django's ``runserver``, with another server in it.

All that Django's command does is left to it: options, checks, messages. It takes its
server from ``server_cls``, its application from ``get_handler()``, and shows its banner
in ``on_bind()``. (Django 5.2 to 6.1, ``django/core/management/commands/runserver.py``.)
"""

from __future__ import annotations

import inspect
import io
import logging
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, OutputWrapper
from django.core.servers import basehttp

from lifespan_registry.runserver import application, banner
from lifespan_registry.runserver.wsgi import WSGIServer, with_lifespans
from lifespan_registry.servers.reloading import GracefulReload

if TYPE_CHECKING or not apps.is_installed("django.contrib.staticfiles"):
    from django.core.management.commands.runserver import Command as Runserver
else:
    from django.contrib.staticfiles.management.commands.runserver import (
        Command as Runserver,
    )

logger = logging.getLogger("lifespan_registry")


class Command(GracefulReload, Runserver):
    """Serve on Uvicorn where it is installed, else on Django's own WSGI server."""

    help = "Starts a web server for development, and the lifespans of the project."

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Check the project, and serve it, with lifespans around."""
        server, self._reason = _choose(**options)
        self._is_asgi = server is not WSGIServer
        # Django makes it, and another class of it; this is how it knows the command.
        kind: Any = type("Server", (server,), {"command": self})
        self.server_cls = kind
        super().inner_run(*args, **options)

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """Return what is served: the project's application, static files, lifespans."""
        if not self._is_asgi:
            return with_lifespans(super().get_handler(*args, **options))
        handler: Any = application.asgi_application(self.warn)
        is_wanted = settings.DEBUG or options.get("insecure_serving")
        if options.get("use_static_handler") and is_wanted:
            # It can be imported where its app is installed alone.
            from django.contrib.staticfiles.handlers import (  # noqa: PLC0415
                ASGIStaticFilesHandler,
            )

            return ASGIStaticFilesHandler(handler)
        return handler

    def on_bind(self, server_port: int) -> None:
        """Keep the port for the banner: it is shown when all lifespans have started."""
        self._port = server_port

    def announce(self, server: str, seconds: float) -> None:
        """Show the banner: *server* serves; the lifespans have started in *seconds*."""
        stdout, text = self.stdout, io.StringIO()
        self.stdout = OutputWrapper(text)
        try:
            super().on_bind(self._port)
        finally:
            self.stdout = stdout
        lines = banner.with_server(text.getvalue(), server, seconds, self._reason)
        self.stdout.write(lines, ending="")
        self.stdout.flush()

    def warn(self, text: str) -> None:
        """Tell the user what is not as it should be."""
        self.stderr.write(self.style.WARNING(text))


def usable() -> type[BaseCommand]:
    """Return the command, or Django's own where that is not built as it was."""
    missing = [
        f"runserver.Command.{name}"
        for name in ("get_handler", "inner_run", "on_bind", "run", "server_cls")
        if not hasattr(Runserver, name)
    ]
    run: Any = getattr(basehttp, "run", None)
    if run is None or "server_cls" not in inspect.signature(run).parameters:
        missing.append("basehttp.run(server_cls=)")
    if not missing:
        return Command
    logger.warning(
        "lifespan_registry.runserver does not know this version of Django (it has no "
        "%s): this is Django's own runserver, which starts no lifespans before the "
        "first request, and none where WSGI_APPLICATION is not wrapped in "
        "LifespanWSGIApplication.",
        ", no ".join(missing),
    )
    return Runserver


def _choose(**options: Any) -> tuple[type[Any], str]:
    """Return the server, and the reason where it is not the best one."""
    if not options["use_threading"]:
        return WSGIServer, "--nothreading: no ASGI server can do without threads."
    try:
        # An extra of the package: it need not be there.
        from lifespan_registry.runserver import uvicorn  # noqa: PLC0415
    except ImportError as error:
        return WSGIServer, (
            f'No ASGI, no websockets ({error}): pip install "lifespan-registry'
            '[runserver]" brings Uvicorn.'
        )
    try:
        uvicorn.make_server(uvicorn.nothing)
    except Exception as error:  # noqa: BLE001 - whatever is not as it was
        logger.warning(
            "lifespan_registry.runserver does not know this version of Uvicorn (%s: "
            "%s): Django's own WSGI server serves in its place.",
            type(error).__name__,
            error,
        )
        return WSGIServer, ""
    return uvicorn.UvicornServer, ""
