"""Tell a run of the signal that ends its server, before the server lets it stop.

Servers first wait for the requests in flight, and then send ``lifespan.shutdown``: too
late for a stream that goes on until it is told to end. The signal comes before both. It
is handed on to whoever handles it.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

logger = logging.getLogger("lifespan_registry")

NUMBERS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def given(announce: Callable[[], object]) -> Generator[None]:
    """Have SIGTERM and Ctrl-C call *announce*, as long as the block is not left.

    What handles them already is called after it. A signal that nothing in Python
    handles stays as it is: it ends the process, or is ignored. Only the main thread can
    do this; in another one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        logger.debug(
            "STOPPING_ON_SIGNAL has no effect outside of the main thread: run.stopping "
            "is set when the lifespans begin to stop."
        )
        yield
        return
    with contextlib.ExitStack() as stack:
        for number in NUMBERS:
            link = Link(number, announce)
            link.put_on()
            stack.callback(link.take_off)
        if "hypercorn" in sys.modules:
            from lifespan_registry.servers.hypercorn import told  # noqa: PLC0415

            stack.enter_context(told.by_event(announce))
        yield


class Link:
    """One handler of a signal in front of another one."""

    def __init__(self, number: signal.Signals, announce: Callable[[], object]) -> None:
        self._number = number
        self._announce = announce
        self.before: Any = None

    @property
    def __self__(self) -> Any:
        """That of the handler: sse-starlette, for one, finds its server by it."""
        return self.before.__self__

    def put_on(self) -> None:
        """Come first, from now on."""
        before: Any = signal.getsignal(self._number)
        # Neither the two words of the system, nor one that C has set.
        if callable(before):
            self.before = before
            signal.signal(self._number, self)

    def take_off(self) -> None:
        """Announce no more, and leave, with all that have ended, if that can be."""
        self._announce = _nothing
        if threading.current_thread() is not threading.main_thread():
            return
        first: Any = signal.getsignal(self._number)
        handler = first
        while isinstance(handler, Link) and handler.has_ended:
            handler = handler.before
        if handler is not first:
            signal.signal(self._number, handler)

    @property
    def has_ended(self) -> bool:
        """Whether it only hands the signal on."""
        return self._announce is _nothing

    def __call__(self, number: int, frame: FrameType | None) -> Any:
        """Handle the signal."""
        self._announce()
        return self.before(number, frame)


def _nothing() -> None:
    """Stand in a link that has ended."""
