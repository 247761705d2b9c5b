"""The wrapper for WSGI servers, and gunicorn's hooks.

WSGI knows neither event loops nor lifespans. Here they have an event loop in a thread
of each worker process, and async views run on it, too. With gunicorn's own way to read
a module as its configuration, one option starts them with the worker::

    gunicorn -c python:lifespan_registry.wsgi mysite.wsgi

or, in a ``gunicorn.conf.py`` of yours::

    from lifespan_registry.wsgi import post_worker_init, worker_exit
"""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.registry import Registry, default_registry
from lifespan_registry._core.state import ENVIRON_KEY
from lifespan_registry.exceptions import brief
from lifespan_registry.servers.threaded import all_threaded, threaded
from lifespan_registry.servers.view_loop import ViewLoop

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication

__all__ = [
    "LifespanWSGIApplication",
    "get_wsgi_application",
    "post_worker_init",
    "worker_exit",
]

logger = logging.getLogger("lifespan_registry")


class LifespanWSGIApplication:
    """Run the lifespans of *registry* beside *app*, any WSGI application.

    They are started once in each process: by `start()`, which gunicorn's hooks call, or
    by the first request. Each request has a copy of their state in its environ, under
    ``"lifespan_registry.state"``.
    """

    def __init__(
        self, app: WSGIApplication, *, registry: Registry = default_registry
    ) -> None:
        self.app = app
        self._threaded = threaded(registry)
        self._view_loop = ViewLoop()

    def __repr__(self) -> str:
        name = getattr(self.app, "__qualname__", type(self.app).__qualname__)
        return f"<LifespanWSGIApplication around {name}>"

    def start(self) -> None:
        """Start the lifespans in this process, and return when all have started.

        Where they are up, it does nothing. Raises what the start raises: `PlanError`,
        `StartupError`, SystemExit from a lifespan. Ctrl-C unwinds the start. Raises
        `PatchedThreadsError` where gevent or eventlet has replaced Python's threads.
        """
        self._threaded.start()

    def stop(self) -> None:
        """Stop the lifespans of this process, and return when all have stopped.

        Where none are up, it does nothing. Any thread may call it: a start that is
        under way in another one is cancelled, and raises `asyncio.CancelledError`
        there. Requests do not start them again. Raises `ShutdownError`.
        """
        self._threaded.stop()

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request, with the state of the lifespans.

        Where they are not up, it starts them, or waits for who does. Raises
        `LazyStartError` where that has failed, `LazyRefusedError` where the settings
        forbid it, `PatchedThreadsError` as `start()` does.
        """
        run = self._threaded.join(environ)
        if run is not None:
            environ[ENVIRON_KEY] = run.copy_state()
            # A thread keeps its context: the request before may have set others.
            for variable, (_, value) in run.variables.items():
                variable.set(value)
            # The response may be an iterator that is asked for more afterwards: what
            # is set stays until the next request of the thread.
            self._view_loop.bind(run.loop)
        return self.app(environ, start_response)


def get_wsgi_application() -> LifespanWSGIApplication:
    """Return Django's WSGI application, wrapped: a drop-in for Django's function."""
    # The wrapper serves applications without Django, too.
    from django.core.wsgi import get_wsgi_application as django  # noqa: PLC0415

    return LifespanWSGIApplication(django())


def post_worker_init(worker: object) -> None:
    """Start the lifespans when gunicorn has loaded the application in *worker*.

    What it raises, gunicorn logs; it then ends with code 3, and starts no worker in
    place of that one. (gunicorn 25 to 27, ``Arbiter.spawn_worker``.) Where nothing is
    wrapped in `LifespanWSGIApplication`, a warning says so.
    """
    if not all_threaded():
        logger.warning(
            "gunicorn's hook has no lifespans to start: the application is not wrapped "
            "in LifespanWSGIApplication. In wsgi.py, take get_wsgi_application from "
            "lifespan_registry.wsgi. An ASGI application needs no hook: leave out "
            "-c python:lifespan_registry.wsgi."
        )
    _quit_once_at_a_time(worker)
    for one in all_threaded():
        try:
            one.start()
        except BaseException as error:
            if error is not one.failure or isinstance(error, Exception):
                raise
            # For SystemExit it would start the next worker, and that for ever.
            text = f"a lifespan has raised {brief(error)} while it started"
            raise RuntimeError(text) from error


def _quit_once_at_a_time(worker: object) -> None:
    """Ignore a signal to quit while *worker* handles another one.

    At Ctrl-C each worker gets two, the terminal's and the master's. If the second comes
    while ``-k gthread`` shuts its executor down for the first, it does so again, waits
    for the lock that it holds itself, and is killed after ``--graceful-timeout``.
    (gunicorn 27, ``ThreadWorker.handle_quit``.)
    """
    handler: Any = getattr(worker, "handle_quit", None)
    is_quitting = False

    def quit_once(number: int, frame: FrameType | None) -> None:
        nonlocal is_quitting
        if not is_quitting:
            is_quitting = True
            try:
                handler(number, frame)
            finally:
                is_quitting = False

    for number in (signal.SIGINT, signal.SIGQUIT):
        # What else has been put there stays.
        if handler is not None and signal.getsignal(number) == handler:
            signal.signal(number, quit_once)


def worker_exit(server: object, worker: object) -> None:  # noqa: ARG001
    """Stop the lifespans when a worker of gunicorn ends; it logs what that raises."""
    with contextlib.ExitStack() as stack:
        for one in all_threaded():
            stack.callback(one.stop)
