"""What tests wait with: never for luck, and never for ever."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.tracked import Hook

DEADLINE = 10.0

both = pytest.mark.parametrize("sync", [False, True], ids=["async", "sync"])


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(DEADLINE):
        # What is waited for may be a thread, or a log: nothing that sets an event.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def some_steps() -> None:
    """Let every other task of the loop do what it can do at once."""
    for _ in range(20):
        await asyncio.sleep(0)


def named(name: str) -> asyncio.Task[object]:
    """Return the task of that name in this loop."""
    (task,) = [one for one in asyncio.all_tasks() if one.get_name() == name]
    return task


def place(function: Any, offset: int = 0) -> str:
    """Return where *function* is written, or where the line *offset* below it is."""
    code = function.__code__
    return f"{os.path.relpath(code.co_filename)}:{code.co_firstlineno + offset}"


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the package has logged as errors."""
    return [
        record.getMessage()
        for record in caplog.records
        if (record.name, record.levelname) == ("lifespan_registry", "ERROR")
    ]


class Gate:
    """A door at which async lifespans and sync ones can be held."""

    def __init__(self) -> None:
        self._in_loop = asyncio.Event()
        self._in_thread = threading.Event()
        self.reached = False

    def open(self) -> None:
        """Let everybody through, from now on; called in the loop."""
        self._in_loop.set()
        self._in_thread.set()

    async def wait(self) -> None:
        """Wait in a task."""
        self.reached = True
        await self._in_loop.wait()

    async def insist(self) -> None:
        """Wait in a task, and ignore that it is cancelled."""
        while not self._in_loop.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.wait()

    def block(self) -> None:
        """Wait in a thread."""
        self.reached = True
        assert self._in_thread.wait(DEADLINE)

    def hook(self, *, sync: bool) -> Hook:
        """Return what waits in a lifespan of that kind."""
        return self.block if sync else self.wait
