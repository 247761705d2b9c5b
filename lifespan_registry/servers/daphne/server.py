"""Daphne's server, with the lifespans around it.

Daphne binds its port in ``Server.run()``, and that returns when the port is closed.
Before it and after it the reactor's event loop does not run, so that the lifespans can
use it: it is the loop of the requests. (Daphne 4.1 and 4.2, Twisted 26.)
"""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from lifespan_registry._host import Host
from lifespan_registry.exceptions import ApplicationError

if TYPE_CHECKING:
    from lifespan_registry._application import Application

logger = logging.getLogger("lifespan_registry")

EXIT_CODE = 3
"""That of a start that fails, as with Uvicorn and gunicorn."""

WRAPPER = "LifespanApplication"
"""It logs its failures itself, and is no application that is wrapped."""

PATIENCE = 10.0
"""How many seconds an application gets to end where Daphne has not been told."""


def with_lifespans(base: type[Any]) -> type[Any]:
    """Return a subclass of *base*, Daphne's ``Server``, that runs the lifespans.

    One of these is returned as it is. So is *base*, with a warning, where Daphne or
    Twisted are not built as they were.
    """
    if getattr(base, "has_lifespans", False):
        return base
    # Daphne has installed it. An import that finds none would install another one.
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is None or not hasattr(base, "run"):
        warn("reactor._asyncioEventloop" if loop is None else "Server.run")
        return base

    class LifespanServer(base):  # type: ignore[misc]
        """A server that starts the lifespans before it binds, and stops them last."""

        has_lifespans = True

        def __init__(self, application: Application, *args: Any, **kwargs: Any) -> None:
            self._session = Session(
                application, reactor, kwargs.get("application_close_timeout", PATIENCE)
            )
            self._handles_signals = kwargs.get("signal_handlers", True)
            parent: Any = super()
            parent.__init__(self._session.serve, *args, **kwargs)

        def run(self) -> None:
            """Serve, and block; raise `SystemExit` where a lifespan fails to start."""
            parent: Any = super()
            if self._handles_signals:
                self._session.handle_signals()
            self._session.start()
            try:
                parent.run()
            finally:
                self._session.stop()

        def leave(self) -> None:
            """Have `run()` end; may be called at any time, from any thread."""
            self._session.leave()

    return LifespanServer


class Session:
    """The lifespans of *application* on the loop of *reactor*, from start to stop.

    Requests that are still running at the stop have *patience* seconds to end.
    """

    def __init__(self, application: Application, reactor: Any, patience: float) -> None:
        self._application = application
        self._reactor = reactor
        self._loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop  # noqa: SLF001
        self._patience = patience
        self._host = Host(application)
        self._requests: dict[asyncio.Task[None], str] = {}
        self._end: Callable[[], object] = _do_nothing

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, with a copy of the state."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._requests[task] = f"{scope['type']} request for {scope['path']}"
        task.add_done_callback(self._requests.pop)
        if self._host.state:
            scope["state"] = self._host.state.copy()
        await self._application(scope, receive, send)

    def start(self) -> None:
        """Start the lifespans; raise `SystemExit` where one fails, or on `leave()`."""
        starting = self._loop.create_task(self._host.start())
        # A start that is complete in this very moment serves, and is ended then.
        self._end = lambda: starting.cancel() or self._loop.call_soon(self._leave)
        try:
            self._loop.run_until_complete(starting)
        except (ApplicationError, asyncio.CancelledError, KeyboardInterrupt) as error:
            # An interrupt leaves the task where it was.
            self._end = _do_nothing
            starting.cancel()
            self._loop.run_until_complete(asyncio.wait((starting,)))
            _tell(error)
            raise SystemExit(EXIT_CODE) from error
        # As Twisted's own handlers do it: safe at any time, and harmless the second.
        self._end = functools.partial(self._reactor.callFromThread, self._reactor.stop)

    def stop(self) -> None:
        """Stop the lifespans, as soon as all requests have ended."""
        self._end = _do_nothing
        self._loop.run_until_complete(self._stop())

    def leave(self) -> None:
        """Give up the start, or stop the reactor; return at once."""
        # While the loop does not run, that waits until it does.
        self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        end, self._end = self._end, _do_nothing
        end()

    async def _stop(self) -> None:
        # Daphne cancels them, and waits for the first one only; none at all once there
        # has been a websocket (a KeyError in kill_all_applications(), Daphne 4.2).
        for request in self._requests:
            request.cancel()
        if self._requests:
            _, left = await asyncio.wait(self._requests, timeout=self._patience)
            for request in left:
                logger.warning(
                    "The %s has not ended within %g s. The lifespans are stopped all "
                    "the same.",
                    self._requests[request],
                    self._patience,
                )
        try:
            await self._host.stop()
        except ApplicationError as error:
            if error.application != WRAPPER:
                logger.error("%s", error)  # noqa: TRY400 - who raised it has logged that

    def handle_signals(self) -> None:
        """Have SIGTERM and Ctrl-C call `leave()`.

        When the reactor runs, Twisted handles SIGTERM itself. It takes SIGINT only from
        Python's default handler, so that this one stays. Both stay to the end, as
        Twisted's do: a second signal does not cut the stop short.
        """
        numbers = [signal.SIGTERM]
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            numbers.append(signal.SIGINT)
        for number in numbers:
            signal.signal(number, lambda _number, _frame: self.leave())


def _tell(error: BaseException) -> None:
    called_off = "The start was called off."
    why = _said(error) if isinstance(error, ApplicationError) else called_off
    logger.error("%s\nDaphne ends, and has opened no port.", why)


def _said(error: ApplicationError) -> str:
    return error.text if error.application == WRAPPER else str(error)


def _do_nothing() -> None:
    """Stand where nothing is to be ended, or where that is under way."""


def warn(what: str) -> None:
    """Tell that Daphne, or what is around it, is not as it was: *what* is gone."""
    logger.warning(
        "lifespan_registry.servers.daphne does not know this version of Daphne, of "
        "Twisted or of Django (%s): Daphne runs as it is, and the lifespans are "
        "started by the first request.",
        what,
    )
