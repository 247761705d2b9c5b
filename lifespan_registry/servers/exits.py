"""How to stop something when the server stops, where no lifespan is sent.

Each server leaves another hook, measured with the versions that the tests name. Servers
that end with `asyncio.run`, as Hypercorn, cancel all tasks in a live event loop: they
need none.
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
import logging
import multiprocessing.util
import signal
import sys
import threading
import types
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from lifespan_registry.servers import known

logger = logging.getLogger("lifespan_registry")

Stop: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""A method that stops something; it may be called more than once."""


def stop_with(server: known.Server, stop: Stop) -> None:
    """Have *stop* called on the current event loop when *server* stops.

    Where the server is not built as it was, a warning says so, and *stop* is called at
    the exit of the process, if that comes in peace.
    """
    for hook in (*_HOOKS.get(server, ()), _with_finalizer):
        try:
            hook(stop)
        except Exception as error:  # noqa: BLE001 - whatever is not as it was
            logger.warning(
                "Under this version of %s it is not known how to stop the lifespans "
                "with the server (%s: %s). They are stopped if Python exits in peace, "
                "as it does not after every signal. %s",
                server,
                type(error).__name__,
                error,
                server.advice,
            )
        else:
            return
    atexit.register(_at_exit(stop))


def _with_uvicorn(stop: Stop) -> None:
    """Stop before Uvicorn's own shutdown of the lifespan, which it awaits.

    That comes after the requests in flight, whatever signal it has got; after SIGTERM
    nothing else is called at all. (Uvicorn 0.35 to 0.54, ``uvicorn/server.py``.)
    """
    if threading.current_thread() is not threading.main_thread():
        text = "it does not run in the main thread"
        raise RuntimeError(text)
    # The handler of the signal is a method of the server.
    handler: Any = signal.getsignal(signal.SIGTERM)
    server = handler.__self__
    if not isinstance(server, sys.modules["uvicorn"].Server):
        text = f"SIGTERM is handled by {handler!r}"
        raise TypeError(text)
    _stop_before(server.lifespan, stop)


def _with_gunicorn(stop: Stop) -> None:
    """Stop where gunicorn's own worker stops a lifespan: after the requests in flight.

    Without it, all tasks are cancelled, and one that ignores it holds the worker up.
    (gunicorn 27, ``gunicorn/workers/gasgi.py``.)
    """
    frame = inspect.currentframe()
    while frame and frame.f_globals.get("__name__") != "gunicorn.workers.gasgi":
        frame = frame.f_back
    if frame is None:
        text = "the worker is not on the stack"
        raise LookupError(text)
    worker = frame.f_locals["self"]
    if worker.lifespan is None:
        worker.lifespan = types.SimpleNamespace(shutdown=stop)
    else:
        _stop_before(worker.lifespan, stop)


def _stop_before(lifespan: Any, stop: Stop) -> None:
    """Let the server's shutdown of its *lifespan* begin with *stop*."""
    shutdown: Stop = lifespan.shutdown

    async def stop_first() -> None:
        await stop()
        await shutdown()

    lifespan.shutdown = stop_first


def _with_daphne(stop: Stop) -> None:
    """Stop before the reactor does, which waits for it.

    Daphne has a hook of the same kind, which cancels the requests, and comes first.
    (Twisted: ``IReactorCore.addSystemEventTrigger``.)
    """
    reactor: Any = sys.modules["twisted.internet.reactor"]
    deferred: Any = sys.modules["twisted.internet.defer"].Deferred

    def begin() -> Any:
        return deferred.fromFuture(asyncio.ensure_future(stop()))

    reactor.addSystemEventTrigger("before", "shutdown", begin)


def _with_finalizer(stop: Stop) -> None:
    """Stop at the exit of the process, if the event loop is still open then.

    Granian leaves it so. Its workers are children by `multiprocessing`, in which no
    `atexit` is called, but this. In the main process it is called likewise.
    """
    multiprocessing.util.Finalize(None, _at_exit(stop), exitpriority=100)


def _at_exit(stop: Stop) -> Callable[[], None]:
    # Nothing is to be kept of a loop that is closed before.
    method = weakref.WeakMethod(stop)
    of_loop = weakref.ref(asyncio.get_running_loop())

    def run() -> None:
        stop, loop = method(), of_loop()
        if stop and loop and not loop.is_closed() and not loop.is_running():
            loop.run_until_complete(stop())

    return run


_HOOKS: dict[known.Server, tuple[Callable[[Stop], None], ...]] = {
    known.UVICORN: (_with_uvicorn,),
    known.UVICORN_WORKER: (_with_uvicorn,),
    known.GUNICORN: (_with_gunicorn,),
    known.DAPHNE: (_with_daphne,),
}
