"""Uvicorn, with the lifespans around it rather than in it.

It is used as its documentation says: a `Config`, a `Server` that serves a socket and
is told to exit. (Uvicorn 0.35 to 0.54.) That it runs a lifespan itself is switched off:
it would start to listen even if it has been told to exit while that starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import socket
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import uvicorn

from lifespan_registry._core.state import announce_stop
from lifespan_registry._host import Host
from lifespan_registry.exceptions import ApplicationError
from lifespan_registry.runserver.requests import Requests
from lifespan_registry.runserver.wsgi import EXIT_CODE
from lifespan_registry.servers import known

if TYPE_CHECKING:
    from lifespan_registry._application import Application
    from lifespan_registry.runserver.command import Command

BACKLOG = 128
"""How many clients may wait for their connection."""

CLOSING = 5
"""How many seconds Uvicorn waits for connections at its end."""


class UvicornServer:
    """What Django takes for a server, from its constructor to `serve_forever()`."""

    command: Command

    def __init__(
        self, address: tuple[str, int], *_: Any, ipv6: bool = False, **__: Any
    ) -> None:
        family = socket.AF_INET6 if ipv6 else socket.AF_INET
        self._socket = socket.socket(family)
        try:
            # On Windows it would let two servers have one port.
            reuse = int(os.name != "nt")
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
            # The port is taken now, so that it is told if somebody else has it.
            self._socket.bind(address)
        except BaseException:
            self._socket.close()
            raise
        self.server_port: int = self._socket.getsockname()[1]

    def set_app(self, application: Application) -> None:
        """Take the application, before `serve_forever()`."""
        self._host = Host(application)
        self._requests = Requests(application, self._host.state)

    def serve_forever(self) -> None:
        """Serve, with all lifespans up.

        Raises `SystemExit` where one fails to start.
        """
        with self._socket, asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            serving = self._loop.create_task(self._serve(), name="runserver")
            self._end: Callable[[], object] = serving.cancel
            with self.command.serving(self.leave):
                try:
                    self._loop.run_until_complete(serving)
                except asyncio.CancelledError:
                    # It has been told to end before it had begun to serve.
                    return
                except ApplicationError as error:
                    # The wrapper has logged it.
                    raise SystemExit(EXIT_CODE) from error

    def leave(self) -> None:
        """Have `serve_forever()` end; may be called from any thread, at any time."""
        # Where the loop is closed, it has ended.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        end, self._end = self._end, _do_nothing
        end()

    async def _serve(self) -> None:
        server = make_server(self._requests)
        began = self._loop.time()
        await self._host.start()
        ending: asyncio.Task[None] | None = None

        def end() -> None:
            nonlocal ending
            server.should_exit = True
            announce_stop(self._host.state)
            ending = self._loop.create_task(self._requests.end())

        self._end = end
        try:
            # Who connects from now on waits a moment, and is not refused.
            self._socket.listen(BACKLOG)
            self.command.announce(
                f"ASGI/Uvicorn {known.UVICORN.version}", self._loop.time() - began
            )
            await server.serve(sockets=[self._socket])
        finally:
            self._end = _do_nothing
            await (ending or self._requests.end())
            with contextlib.suppress(ApplicationError):
                await self._host.stop()


def make_server(application: Application) -> uvicorn.Server:
    """Return a server of Uvicorn's for *application*, with what is used of it.

    Raises `TypeError` or `AttributeError` where this version has not got that.
    """
    config = uvicorn.Config(
        application,
        interface="asgi3",
        lifespan="off",
        # The project's LOGGING is not to be touched.
        log_config=None,
        access_log=False,
        # A client is who has connected, as with Django's server.
        proxy_headers=False,
        timeout_graceful_shutdown=CLOSING,
    )
    inspect.signature(uvicorn.Server.capture_signals).bind(None)
    server = _Server(config)
    inspect.signature(server.serve).bind(sockets=[])
    _ = server.should_exit
    return server


class _Server(uvicorn.Server):
    """One that leaves the signals to the command."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Stand for an application where none is served."""


def _do_nothing() -> None:
    """Stand where nothing is to be ended, or where that is under way."""
