"""How a command is stopped from outside, so that its lifespans are stopped with it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from multiprocessing.util import register_after_fork
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections

T = TypeVar("T")

EXIT_CODE = 128 + signal.SIGTERM
"""What shells report of a process that has ended by SIGTERM: 143."""

DEFAULTS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""The signals that stop a command, and who handles them if nobody has changed that."""


PATIENCE = 2
"""How many times Ctrl-C is pressed while the loop unwinds all, before it is cut off."""


class StopSignals:
    """Lets Ctrl-C and SIGTERM unwind the code of a block, in the main thread.

    Of the signals *numbers* the first one raises KeyboardInterrupt, or SystemExit with
    the code 143; where `cancelled` runs, it cancels that instead, and a second one
    changes nothing: supervisors send SIGTERM to a process and to its group, and what is
    being stopped has time limits. A third Ctrl-C raises at once. A handler that
    somebody else has set is left alone, and so is a signal that is ignored; but of two
    blocks, one in the other, the inner one is to be unwound first. In other threads
    nothing is done, for Python takes no handlers there. Nor in a child of a fork, which
    ends by a signal as it would without the block.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers
        self.order: BaseException | None = None
        """What is to be raised when the code has been unwound."""
        self._former: dict[signal.Signals, Any] = {}
        self._task: asyncio.Task[Any] | None = None
        self._interrupts = 0
        self._process: int | None = None

    def __enter__(self) -> Self:
        self._process = os.getpid()
        if threading.current_thread() is threading.main_thread():
            for number in self._numbers:
                former = signal.getsignal(number)
                if _block_of(former) or former is DEFAULTS[number]:
                    self._former[number] = former
                    signal.signal(number, self._on_signal)
            # A child that is blocked in C may never get to a handler in Python.
            register_after_fork(self, StopSignals._leave_to_child)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, former in self._former.items():
            outer = _block_of(former)
            if outer is not None and error is not None and error is self.order:
                # It unwinds that block, too: SIGTERM once more is not to cut it off.
                outer.order = error
            # The code in the block may have set one of its own meanwhile.
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, former)

    async def cancelled(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Await *main* in the current task, which a signal cancels from now on."""
        self._task = asyncio.current_task()
        if self.order is not None:
            # It came before, and has ended the wait for this already.
            raise asyncio.CancelledError
        return await main()

    def _leave_to_child(self) -> None:
        mine = self._on_signal
        for number in [one for one in self._former if signal.getsignal(one) == mine]:
            signal.signal(number, DEFAULTS[number])

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() == self._process:
            self._unwind(number)
        else:
            # The child of a fork. The loop that would cancel the task is not here.
            signal.signal(number, DEFAULTS[signal.Signals(number)])
            signal.raise_signal(number)

    def _unwind(self, number: int) -> None:
        is_first = self.order is None
        if number == signal.SIGTERM:
            if not is_first:
                return
            self.order = SystemExit(EXIT_CODE)
        else:
            self._interrupts += 1
            self.order = KeyboardInterrupt()
        if self._task is None or self._task.done() or self._interrupts > PATIENCE:
            raise self.order
        if is_first:
            # The loop may be that of another thread, or wait for something else.
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)


def _block_of(handler: Any) -> StopSignals | None:
    """Return whose *handler* it is, if it is one of ours."""
    owner = getattr(handler, "__self__", None)
    return owner if isinstance(owner, StopSignals) else None


def on_loop(main: Callable[[], Coroutine[Any, Any, T]], *, is_program: bool) -> T:
    """Run *main* on an event loop, with `StopSignals` around; return its result.

    Where *main* is the whole program, the loop is one of its own, in this thread.
    Where other code waits for it, `async_to_sync` finds the loop, so that the ORM in it
    uses this thread: in a test, that is the one with the transaction.
    """

    async def program() -> T:
        try:
            return await signals.cancelled(main)
        finally:
            # Django closes those of this thread. The ORM has used another one.
            await sync_to_async(connections.close_all)()

    with StopSignals(signal.SIGINT, signal.SIGTERM) as signals:
        try:
            if not is_program:
                return async_to_sync(signals.cancelled)(main)
            with asyncio.Runner() as runner:
                return runner.run(program())
        except asyncio.CancelledError:
            if signals.order is None:
                raise
            raise signals.order from None
