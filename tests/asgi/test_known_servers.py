"""Which server runs the code: the stack says so, and nothing is imported for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lifespan_registry.servers import known
from tests.core.processes import output_of

RUN = "django.core.servers.basehttp"
"""It is on the stack of every ``runserver``, whichever server that has."""


def called_by(*modules: str) -> known.Server:
    """Return what server is found below functions of *modules*, the innermost first."""
    function: Callable[[], Any] = known.current_server
    for module in modules:
        names: dict[str, Any] = {"__name__": module, "function": function}
        exec("def call(): return function()", names)
        function = names["call"]
    found: known.Server = function()
    return found


@pytest.mark.parametrize(
    ("modules", "server"),
    [
        (["uvicorn.protocols.http.h11_impl", "uvicorn.server"], known.UVICORN),
        (["uvicorn.server", "django.core.management"], known.UVICORN),
        (["lifespan_registry.runserver.uvicorn", RUN], known.UVICORN),
        (["uvicorn_worker._workers", "gunicorn.arbiter"], known.UVICORN_WORKER),
        (["uvicorn.workers", "gunicorn.arbiter"], known.UVICORN_WORKER),
        (["gunicorn.workers.gasgi", "gunicorn.arbiter"], known.GUNICORN),
        (["gunicorn.workers.sync", "gunicorn.arbiter"], known.GUNICORN),
        (["granian.server.mp", "granian.cli"], known.GRANIAN),
        (["hypercorn.asyncio.run", "multiprocessing.process"], known.HYPERCORN),
        (["twisted.internet.asyncioreactor", "daphne.server"], known.DAPHNE),
        ([RUN, "socketserver"], known.RUNSERVER),
        (["django.core.handlers.asgi", "myserver"], known.UNKNOWN),
        (["uvicorn.middleware.proxy_headers", "myserver"], known.UNKNOWN),
        (["hypercorn.middleware.proxy_fix", "daphne.server"], known.DAPHNE),
        (["uvicorn_extras"], known.UNKNOWN),
    ],
)
def test_server_on_the_stack(modules: list[str], server: known.Server) -> None:
    """The modules of a server are known; middleware of one serves under others, too."""
    assert called_by(*modules) == server


def test_version() -> None:
    """A server has the version that is installed, where that can be told."""
    gone = known.Server("Gone", "a-server-that-is-gone", "")
    django = known.RUNSERVER

    assert str(known.UNKNOWN) == "an unknown server"
    assert (gone.version, str(gone)) == ("", "Gone")
    assert str(django) == f"manage.py runserver ({django.version})"
    assert django.version


def test_no_server_is_imported() -> None:
    """To look which server it is imports none."""
    script = """
import sys
from lifespan_registry.servers import known
print(known.current_server())
servers = {"daphne", "granian", "gunicorn", "hypercorn", "twisted", "uvicorn"}
print(servers & set(sys.modules))
"""
    assert output_of(script) == ["an unknown server", "set()"]
