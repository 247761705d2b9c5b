"""Keeps the first Hypercorn worker that has stopped from ending the others.

The workers are told to stop by an event that they share. As soon as one has, the
parent sends SIGTERM to the others (Hypercorn 0.17 and 0.18, ``hypercorn/run.py``). They
have no handler for it, and die in the middle of their requests and of their lifespans.
Here the signal waits until they had their time.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

logger = logging.getLogger("lifespan_registry")

GRACE = 63.0
"""How many seconds a worker gets where its own limits cannot be read.

It is what Hypercorn's limits are by default: 3 s for requests, 60 s for the lifespan.
"""

PATIENCE = 1.0
"""How many seconds the parent gets to tell a worker what SIGTERM is to mean.

Where all processes get the signal at once, as from systemd, the worker may be first.
"""

EXIT_CODE = 128 + signal.SIGTERM
"""That of a worker whose time was up, as shells write the end by a signal."""


class Worker(NamedTuple):
    """What has to be known of the worker that this process is."""

    has_others: bool = True
    """Whether it is one of several."""
    grace: float = GRACE
    """How many seconds Hypercorn allows its requests and its lifespan at the stop."""
    is_stopping: Callable[[], bool] = lambda: True
    """Whether it has been told to stop, so that SIGTERM only repeats that."""


def install() -> None:
    """Let SIGTERM wait in this process, if it is one of several workers.

    Where Hypercorn is not built as it was, a warning says so, and the signal waits all
    the same. Where SIGTERM has a handler already, a warning says so, and it stays.
    """
    if (
        multiprocessing.parent_process() is None
        or threading.current_thread() is not threading.main_thread()
    ):
        return
    process: Any = multiprocessing.current_process()
    target = getattr(process, "_target", None)
    if target and not getattr(target, "__module__", "").startswith("hypercorn."):
        # A process that the user's own code has started.
        return
    try:
        worker = _read(process)
    except (AttributeError, KeyError, TypeError) as error:
        worker = Worker()
        logger.warning(
            "lifespan_registry.servers.hypercorn does not know this version of "
            "Hypercorn (%s: %s). When a worker is sent SIGTERM, it gets %g s to stop.",
            type(error).__name__,
            error,
            worker.grace,
        )
    if not worker.has_others:
        return
    handler = signal.getsignal(signal.SIGTERM)
    if handler is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, Guard(worker).on_term)
    else:
        logger.warning(
            "lifespan_registry.servers.hypercorn does nothing: SIGTERM has a handler "
            "in this worker already (%r).",
            handler,
        )


def _read(process: Any) -> Worker:
    """Read from *process* what Hypercorn has given it; raise what is not as it was."""
    given = process._kwargs  # noqa: SLF001 - it is kept nowhere else
    config, event = given["config"], given["shutdown_event"]
    return Worker(
        has_others=config.workers > 1,
        grace=config.graceful_timeout + config.shutdown_timeout,
        is_stopping=event.is_set,
    )


class Guard:
    """Handles SIGTERM in a worker."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._pid = os.getpid()
        self._is_armed = False

    def on_term(self, number: int, _frame: object) -> None:
        """Let the worker stop by itself, or unwind all that it does."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None or os.getpid() != self._pid:
            # Nothing is open yet, or any more; or a fork has inherited the handler.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif not self._is_armed:
            self._is_armed = True
            # Not here: the event has a lock, which the interrupted code may hold.
            loop.call_soon_threadsafe(loop.call_later, PATIENCE, self._hear, loop)

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._worker.is_stopping():
            loop.call_later(self._worker.grace, _leave)
        else:
            # This one alone was meant, and nothing else will tell it.
            _leave()


def _leave() -> None:
    """End the loop: then asyncio cancels all tasks, and the lifespans are exited."""
    raise SystemExit(EXIT_CODE)
