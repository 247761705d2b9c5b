"""On which event loop asgiref runs async views under WSGI.

By itself it makes a new loop for each request, on which nothing can be used that was
opened elsewhere. It looks for one to use instead where sync code leaves its own loop in
a thread, as Django does under ASGI: that place is filled here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from asyncio.events import _get_running_loop  # pyright: ignore[reportPrivateUsage]
from collections.abc import Generator
from importlib import metadata
from typing import Any, Final

from asgiref.sync import SyncToAsync, async_to_sync

logger = logging.getLogger("lifespan_registry")


class ViewLoop:
    """Brings async views, and `async_to_sync`, to the loop of the lifespans.

    Where asgiref is not built as it was, a warning says so, once, and they stay on
    loops of their own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: bool | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Let async views of the current thread run on *loop*, from now on.

        A loop that has been closed since, or that a fork has left behind, is passed
        over by asgiref itself. Returns whether they will.
        """
        # Where a loop runs, async_to_sync() refuses to work at all.
        if _get_running_loop() is not None:
            return False
        if self._works is None:
            with self._lock:
                if self._works is None:
                    self._works = _works(loop)
        if self._works:
            _bind(loop, os.getpid())
        return self._works

    @contextlib.contextmanager
    def bound(self, loop: asyncio.AbstractEventLoop) -> Generator[None, None, None]:
        """Let async views of the current thread run on *loop*, until the block ends.

        Where *loop* does not run they would wait for ever: there, nothing is done.
        """
        before = _binding()
        is_bound = loop.is_running() and self.bind(loop)
        try:
            yield
        finally:
            if is_bound:
                _bind(*before)


view_loop: Final = ViewLoop()
"""One for tests and commands, so that what asgiref lacks is said once."""


def _works(loop: asyncio.AbstractEventLoop) -> bool:
    """Tell whether a coroutine gets to *loop*, or warn that it does not."""
    before = _binding()
    try:
        _bind(loop, os.getpid())
        if async_to_sync(_where)() is loop:
            return True
        problem = "it takes a loop of its own"
    except Exception as error:  # noqa: BLE001 - whatever is not as it was
        problem = f"{type(error).__name__}: {error}"
    with contextlib.suppress(Exception):
        _bind(*before)
    logger.warning(
        "With this version of asgiref (%s) async views and async_to_sync() do not come "
        "to the event loop of the lifespans (%s). What lifespans have opened there "
        "cannot be used in them, and .get() raises OtherEventLoopError. Use it in sync "
        "code, with default_registry.current_run().call(...).",
        metadata.version("asgiref"),
        problem,
    )
    return False


# Both are internals of asgiref, measured with 3.8.1 to 3.13.


def _binding() -> tuple[asyncio.AbstractEventLoop | None, int | None]:
    local: Any = getattr(SyncToAsync, "threadlocal", None)
    return (
        getattr(local, "main_event_loop", None),
        getattr(local, "main_event_loop_pid", None),
    )


def _bind(loop: asyncio.AbstractEventLoop | None, pid: int | None) -> None:
    local: Any = SyncToAsync.threadlocal
    local.main_event_loop = loop
    local.main_event_loop_pid = pid


async def _where() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
