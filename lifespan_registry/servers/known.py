"""Which server runs this code, and how it is told to speak lifespan.

No server is ever imported here: the stack below the caller says who has called.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, NamedTuple


class Server(NamedTuple):
    """A kind of server."""

    name: str
    package: str
    """The distribution that it comes with; empty if the server is unknown."""
    advice: str
    """What lets the lifespan protocol come to `LifespanApplication`."""

    @property
    def version(self) -> str:
        """The version that is installed; empty where that cannot be told."""
        try:
            return metadata.version(self.package) if self.package else ""
        except metadata.PackageNotFoundError:
            return ""

    def __str__(self) -> str:
        return f"{self.name} ({self.version})" if self.version else self.name


_OUTERMOST = (
    "put LifespanApplication outermost, for an application around it keeps the "
    "protocol back."
)

UNKNOWN = Server(
    "an unknown server",
    "",
    "In a test, start them yourself: async with default_registry.run(): ... For a "
    "server, see in its documentation how it is made to send the lifespan protocol. "
    f"If it does send it, {_OUTERMOST}",
)
UVICORN = Server(
    "Uvicorn", "uvicorn", f"Start it without --lifespan off. If you do, {_OUTERMOST}"
)
UVICORN_WORKER = Server(
    "gunicorn with UvicornWorker",
    "gunicorn",
    'Take "lifespan": "off" out of the CONFIG_KWARGS of its worker class. If it is '
    f"not there, {_OUTERMOST}",
)
GUNICORN = Server(
    "gunicorn", "gunicorn", f"Start it with --asgi-lifespan on. If you do, {_OUTERMOST}"
)
GRANIAN = Server(
    "Granian",
    "granian",
    f"Start it with --interface asgi, not asginl. If you do, {_OUTERMOST}",
)
HYPERCORN = Server(
    "Hypercorn", "hypercorn", f"It always sends the lifespan protocol: {_OUTERMOST}"
)
DAPHNE = Server(
    "Daphne",
    "daphne",
    'Put "lifespan_registry.servers.daphne" in INSTALLED_APPS. If it is there, '
    f"{_OUTERMOST}",
)
RUNSERVER = Server(
    "manage.py runserver",
    "django",
    'Put "lifespan_registry.runserver" in INSTALLED_APPS.',
)

_KNOWN: tuple[tuple[set[str], Server], ...] = (
    ({"uvicorn_worker"}, UVICORN_WORKER),
    # The worker of Uvicorn's own package, before 0.54.
    ({"uvicorn", "gunicorn"}, UVICORN_WORKER),
    ({"uvicorn"}, UVICORN),
    # Django may run a view in a task of its own, under which our loop alone is left.
    ({"lifespan_registry.runserver.uvicorn"}, UVICORN),
    ({"granian"}, GRANIAN),
    ({"hypercorn"}, HYPERCORN),
    ({"daphne"}, DAPHNE),
    ({"gunicorn"}, GUNICORN),
    ({"django.core.servers.basehttp"}, RUNSERVER),
)
"""What is on the stack under which server: the first match counts."""


def current_server() -> Server:
    """Return the server that runs the code which calls this.

    Under ASGI it is to be called on the event loop, as from an async view: a thread for
    a sync view has a stack of its own, without the server.
    """
    called = set(_callers())
    for parts, server in _KNOWN:
        if parts <= called:
            return server
    return UNKNOWN


def name_for(environ: Mapping[str, Any]) -> str:
    """Name the server that has sent the request with this *environ*; "" if unknown.

    A thread for a WSGI request has no server on its stack; some say who they are.
    """
    server = current_server()
    return str(server) if server.package else str(environ.get("SERVER_SOFTWARE", ""))


def _callers() -> Iterator[str]:
    """Go through the modules on the stack, and the packages that they belong to."""
    frame = inspect.currentframe()
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        # Middleware of one server serves under others as well.
        if ".middleware." not in module:
            yield module
            yield module.partition(".")[0]
        frame = frame.f_back
