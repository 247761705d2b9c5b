"""How a worker of Hypercorn learns that it is to stop: by an event that all share.

No signal comes to it. (Hypercorn 0.18, ``run.py`` and ``utils.py``.)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
from collections.abc import Callable, Generator
from typing import Any

logger = logging.getLogger("lifespan_registry")

POLL = 0.1
"""After how many seconds the worker looks anew: as often as Hypercorn does itself."""


@contextlib.contextmanager
def by_event(announce: Callable[[], object]) -> Generator[None]:
    """Have *announce* called when this worker is told to stop, if it is one."""
    process: Any = multiprocessing.current_process()
    target = getattr(process, "_target", None)
    if (
        not getattr(target, "__module__", "").startswith("hypercorn.")
        # A WSGI application may be started by itself, where no loop runs yet.
        or asyncio._get_running_loop() is None  # noqa: SLF001
    ):
        yield
        return
    try:
        is_set: Callable[[], bool] = process._kwargs["shutdown_event"].is_set  # noqa: SLF001
    except (AttributeError, KeyError, TypeError) as error:
        logger.warning(
            "STOPPING_ON_SIGNAL does not know this version of Hypercorn (%s: %s): "
            "run.stopping is set when the lifespans begin to stop.",
            type(error).__name__,
            error,
        )
        yield
        return
    watch = _Watch(is_set, announce)
    try:
        yield
    finally:
        watch.end()


class _Watch:
    """Calls *announce* as soon as *is_set* says so, or nearly."""

    def __init__(
        self, is_set: Callable[[], bool], announce: Callable[[], object]
    ) -> None:
        self._is_set = is_set
        self._announce = announce
        self._loop = asyncio.get_running_loop()
        self._wait()

    def _wait(self) -> None:
        self._timer = self._loop.call_later(POLL, self._look)

    def _look(self) -> None:
        if self._is_set():
            self._announce()
        else:
            self._wait()

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()
