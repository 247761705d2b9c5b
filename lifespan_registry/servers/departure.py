"""How a server is brought to its end, whoever asks for that: a signal, or an edit.

The reloader of `reloading` uses it, with its server in one thread and signals in
another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

FORCED = 130
"""The exit code of a process which Ctrl-C has ended, as shells count it."""


class Departure:
    """How a process ends: whoever asks for it, the server is told, and waited for."""

    def __init__(self) -> None:
        self.has_begun = False
        self.has_served = False
        self._leave: Callable[[], object] | None = None
        self._is_over = threading.Event()
        self._is_over.set()

    @contextlib.contextmanager
    def serving(self, leave: Callable[[], object]) -> Generator[None]:
        """Stand around the server's run, which *leave* brings to its end.

        Raises `SystemExit` where that has been asked for already.
        """
        with contextlib.ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                signals = Signals(self.begin)
                signals.handle()
                stack.callback(signals.restore)
            self._is_over.clear()
            stack.callback(self._set_over)
            # It is announced before the look at whether it is too late, and begin()
            # does the same the other way round: one of the two sees the other.
            self._leave = leave
            if self.has_begun:
                raise SystemExit
            self.has_served = True
            yield

    def begin(self) -> None:
        """Have the server leave; in a signal handler, too."""
        self.has_begun = True
        if (leave := self._leave) is not None:
            leave()

    def _set_over(self) -> None:
        self._leave = None
        self._is_over.set()

    def wait(self, seconds: float) -> bool:
        """Wait until no server is running any more; return whether it came to that."""
        return self._is_over.wait(seconds)


class Signals:
    """Has the first SIGTERM or Ctrl-C call *leave*, and a second Ctrl-C end it all.

    One Ctrl-C may come as two signals: the terminal's own, and what the parent passes
    on. Only two SIGINT are two of them.
    """

    def __init__(self, leave: Callable[[], object]) -> None:
        self._leave = leave
        self._is_muted = False
        self._interrupts = 0
        self._before: dict[signal.Signals, Any] = {}

    def handle(self) -> None:
        """Take the signals over, in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._hear)

    def restore(self) -> None:
        """Give them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def mute(self) -> None:
        """Have *leave* not called any more."""
        self._is_muted = True

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._interrupts += number == signal.SIGINT
        if self._interrupts > 1:
            os._exit(FORCED)
        if not self._is_muted:
            self._is_muted = True
            self._leave()
