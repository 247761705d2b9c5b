"""A coroutine that another thread has run on the event loop of the lifespans."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import inspect
import time
from asyncio.events import _get_running_loop  # pyright: ignore[reportPrivateUsage]
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Generic, TypeVar

from lifespan_registry.exceptions import (
    CallOnLoopError,
    CallOutsideRunError,
    CallTimeoutError,
)

T = TypeVar("T")

PATIENCE = 1.0
"""How many seconds a cancelled call gets to end before its caller goes on."""

LOOK = 0.5
"""Every so many seconds a caller looks whether the loop is still there."""


def name_of(function: object) -> str:
    """Name *function* for a message, or refuse what cannot be called.

    Raises TypeError for a coroutine in place of its function, as in ``call(f())``.
    """
    if inspect.iscoroutine(function):
        function.close()
        name = function.__qualname__
        text = f"call() takes the function, and its arguments: run.call({name}, ...)"
        raise TypeError(text)
    return getattr(function, "__qualname__", None) or repr(function)


class Call(Generic[T]):
    """One call of *function*, an async function, on *loop*."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, function: Callable[..., Awaitable[T]]
    ) -> None:
        self._loop = loop
        self._function = function
        self._name = name_of(function)
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._task: asyncio.Task[None] | None = None

    def result(
        self, args: tuple[Any, ...], context: Context, timeout: float | None
    ) -> T:
        """Run it there in *context*, wait for it, return what it returns.

        Raises what it raises, and `CallTimeoutError` after *timeout* seconds; then, as
        at Ctrl-C, it is cancelled.
        """
        if _get_running_loop() is self._loop:
            raise CallOnLoopError(self._name)
        try:
            # The callback runs in the context, and the task takes a copy of it.
            self._in_loop(self._start, args, context=context)
            is_in_time = self._wait(timeout)
        except CallOutsideRunError:
            raise
        except BaseException:
            # Ctrl-C: the second one does not wait any more.
            self._cancel()
            with contextlib.suppress(CallOutsideRunError):
                self._wait(None)
            raise
        if not is_in_time and timeout is not None:
            self._cancel()
            self._wait(PATIENCE)
            raise CallTimeoutError(self._name, timeout)
        try:
            return self._future.result()
        except (asyncio.CancelledError, concurrent.futures.CancelledError) as error:
            # Sync code knows no cancellation, and would let it through everywhere.
            detail = "it was cancelled there, as the stop of the lifespans does"
            raise CallOutsideRunError(self._name, detail) from error

    def _wait(self, timeout: float | None) -> bool:
        """Wait at most *timeout* seconds; return whether it has ended by then."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while not self._future.done():
            seconds = min(end - time.monotonic(), LOOK)
            if seconds <= 0:
                return False
            concurrent.futures.wait((self._future,), seconds)
            if self._loop.is_closed() and not self._future.done():
                # It came too late: nobody will ever run it.
                raise self._lost()
        return True

    def _lost(self) -> CallOutsideRunError:
        return CallOutsideRunError(self._name, "that loop has been closed")

    def _cancel(self) -> None:
        with contextlib.suppress(CallOutsideRunError):
            self._in_loop(self._cancel_task)

    def _in_loop(
        self, function: Callable[..., None], *args: Any, context: Context | None = None
    ) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args, context=context)
        except RuntimeError:
            raise self._lost() from None

    # --- on the loop ---------------------------------------------------------------

    def _start(self, args: tuple[Any, ...]) -> None:
        self._task = self._loop.create_task(
            self._work(args), name=f"call of {self._name}"
        )
        # One that is cancelled before its first step never gets to its try.
        self._task.add_done_callback(lambda _: self._future.cancel())

    async def _work(self, args: tuple[Any, ...]) -> None:
        try:
            waiting = self._function(*args)
            if not _is_awaitable(waiting):
                text = f"call() takes an async function, and {self._name} is none."
                raise TypeError(text)  # noqa: TRY301 - raised where it is waited for
            value = await waiting
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            # SystemExit, left to asyncio, would end the loop and not the process.
            self._future.set_exception(error)
        else:
            self._future.set_result(value)

    def _cancel_task(self) -> None:
        if self._task is None:
            # Ctrl-C came before it was on its way.
            self._future.cancel()
        else:
            self._task.cancel()


def _is_awaitable(given: object) -> bool:
    # Whatever the annotations say.
    return isinstance(given, Awaitable)
