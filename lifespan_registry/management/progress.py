"""``manage.py lifespans run``: how far a run has come, while it is under way."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import shutil
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lifespan_registry.pictures import progress
from lifespan_registry.pictures.text import width

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper

    from lifespan_registry._core.run import Run

INTERVAL = 0.1
"""How many seconds pass between two looks at the run."""


ASCII = str.maketrans("├└│─█·●→", "|`|-#.*>")
"""What stands for the drawing characters where the output cannot have them."""


def encodable(line: str, out: OutputWrapper) -> str:
    """Return *line* as *out* can have it: a terminal may know ASCII alone."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        plain = line.translate(ASCII).encode(encoding, "backslashreplace")
        return plain.decode(encoding)
    return line


class Progress:
    """Writes what happens in *run*: each start and each stop, when it is over.

    It looks at the run by a timer of the event loop, for no task of its own is to be in
    the way of a cancellation.
    """

    def __init__(self, run: Run, out: OutputWrapper) -> None:
        self.run = run
        self.out = out
        self._told = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._look()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self.close()

    def _look(self) -> None:
        self.show()
        # Not where the output has raised: it would do so each time.
        self._timer = self._loop.call_later(INTERVAL, self._look)

    def show(self) -> None:
        """Write what is new."""
        events = progress.events(self.run.report)
        for _, line in events[self._told :]:
            self.out.write(encodable(line, self.out))
            self.out.flush()
        self._told = len(events)

    def close(self) -> None:
        """Write what has been new at the end."""
        self.show()


class Live(Progress):
    """Writes one line for each lifespan, and keeps them as they are now.

    In the end they are taken away. What is printed meanwhile stands above them.
    """

    def __init__(self, run: Run, out: OutputWrapper) -> None:
        super().__init__(run, out)
        self._height = 0
        self._streams = contextlib.ExitStack()
        # Sync lifespans print in threads.
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        out: Any = _Aside(sys.stdout, self._room)
        err: Any = _Aside(sys.stderr, self._room)
        for handler in _log_handlers():
            # They have taken their stream when logging was set up.
            for stream, aside in ((sys.stdout, out), (sys.stderr, err)):
                if handler.stream is stream:
                    handler.setStream(aside)
                    self._streams.callback(_give_back, handler, aside, stream)
        self._streams.enter_context(contextlib.redirect_stdout(out))
        self._streams.enter_context(contextlib.redirect_stderr(err))
        return super().__enter__()

    def show(self) -> None:
        """Write all lines again, in the place of those that are there."""
        columns, rows = shutil.get_terminal_size()
        now = dt.datetime.now(dt.UTC)
        lines = list(progress.lines(self.run.report, now, rows - 1))
        with self._room():
            for line in lines:
                self.out.write(encodable(_fitting(line, columns), self.out))
            self._height = len(lines)

    def close(self) -> None:
        """Take the lines away."""
        self._streams.close()
        with self._room():
            self.out.flush()

    @contextlib.contextmanager
    def _room(self) -> Generator[None]:
        """Take the lines away, and let nobody else write meanwhile."""
        with self._lock:
            if self._height:
                # To the first of them, and from there on nothing is left.
                self.out.write(f"\x1b[{self._height}F\x1b[J", ending="")
                self._height = 0
            yield


def _give_back(handler: logging.StreamHandler[Any], aside: object, stream: Any) -> None:
    # A lifespan may have given it another one meanwhile.
    if handler.stream is aside:
        handler.setStream(stream)


def _log_handlers() -> Iterator[logging.StreamHandler[Any]]:
    """Find the handlers that write to some stream."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler):
                yield handler


class _Aside:
    """A stream that makes room for what is written to *stream*."""

    def __init__(
        self, stream: Any, room: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._stream = stream
        self._room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._room():
            return int(self._stream.write(text))


def _fitting(line: str, columns: int) -> str:
    """Return as much of *line* as does not go on in a second one."""
    while width(line) >= columns:
        line = line[:-1]
    return line
