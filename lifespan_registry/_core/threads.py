"""A sync lifespan: entered and exited in one thread of its own, which keeps to it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any


class InThread:
    """Make an async context manager of a sync one.

    The thread is a daemon, and no executor's: one that hangs is left behind when the
    time is up, and the interpreter does not wait for it at its end.
    """

    def __init__(
        self, make: Callable[[], AbstractContextManager[Any]], name: str
    ) -> None:
        self._make = make
        self._name = name
        self._leave: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.manager: AbstractContextManager[Any] | None = None
        self.context = contextvars.Context()

    async def __aenter__(self) -> Any:
        self._loop = asyncio.get_running_loop()
        self._entered: asyncio.Future[_Outcome] = self._loop.create_future()
        self._left: asyncio.Future[_Outcome] = self._loop.create_future()
        self.context = contextvars.copy_context()
        threading.Thread(
            target=self.context.run,
            args=(self._work,),
            name=f"lifespan {self._name}",
            daemon=True,
        ).start()
        try:
            # wait() leaves the future alone when it is cancelled itself.
            await asyncio.wait((self._entered,))
        except asyncio.CancelledError:
            # What the thread still opens is closed there again.
            await self._closed()
            if self._entered.done():
                self._entered.result().get()
            raise
        return self._entered.result().get()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._closed()

    def abandon(self) -> None:
        """Wait no longer for the thread, which goes on alone."""
        _settle(self._left, _Outcome())

    async def _closed(self) -> None:
        """Have the thread exit, and wait for that: a thread cannot be cancelled."""
        self._leave.put(None)
        while not self._left.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((self._left,))
        self._left.result().get()

    def _work(self) -> None:
        """Enter, wait, exit; this is all that the thread ever does."""
        try:
            self.manager = self._make()
            value = self.manager.__enter__()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            self._tell(self._entered, _Outcome(error=error))
            self._tell(self._left, _Outcome())
            return
        self._tell(self._entered, _Outcome(value))
        del value
        self._leave.get()
        try:
            self.manager.__exit__(None, None, None)
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            self._tell(self._left, _Outcome(error=error))
        else:
            self._tell(self._left, _Outcome())

    def _tell(self, future: asyncio.Future[_Outcome], outcome: _Outcome) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, future, outcome)
        except RuntimeError:
            # The loop has been closed: nobody waits any more.
            return


class _Outcome:
    """What a call came to; a future's own exception could not be SystemExit."""

    __slots__ = ("_error", "_value")

    def __init__(
        self, value: object = None, error: BaseException | None = None
    ) -> None:
        self._value = value
        self._error = error

    def get(self) -> object:
        if self._error is not None:
            raise self._error
        return self._value


def _settle(future: asyncio.Future[_Outcome], outcome: _Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
