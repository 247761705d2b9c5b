"""Telling others that a run starts, stops, or has lost a lifespan."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context
from typing import Any, Literal, Protocol, TypeAlias

from lifespan_registry._core.report import Report


class Observed(Protocol):
    """A run, as far as those need it who are told of it."""

    loop: asyncio.AbstractEventLoop

    @property
    def report(self) -> Report: ...


Event: TypeAlias = Literal["started", "stopping", "stopped", "crashed"]

Observer: TypeAlias = Callable[
    [Event, Observed, str | None], Coroutine[Any, Any, object] | None
]
"""Is called with an event, the run, and the name of the lifespan that has crashed.

What takes longer it returns as a coroutine.
"""

GRACE = 1.0
"""How many seconds observers that are cancelled get before they are left behind."""

logger = logging.getLogger("lifespan_registry")


class Telling:
    """Tells *observers* of one run.

    Their coroutines run in a task beside it, one after the other, in *context*. Nothing
    that they raise does any harm to the run.
    """

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)
        self._to_do: deque[Coroutine[Any, Any, object]] = deque()
        self._task: asyncio.Task[None] | None = None

    def tell(
        self, event: Event, run: Observed, context: Context, name: str | None = None
    ) -> None:
        """Tell of *event*, now; what has to wait is left to the task."""
        for observer in self._observers:
            try:
                if (more := observer(event, run, name)) is not None:
                    self._to_do.append(more)
            except BaseException as error:  # noqa: BLE001 - logged
                _log(error)
        if self._to_do and (self._task is None or self._task.done()):
            self._task = run.loop.create_task(
                self._work(), name="observers of lifespans", context=context.copy()
            )

    async def end(self, patience: float) -> asyncio.CancelledError | None:
        """Wait until all is told, *patience* seconds at most, and give up the rest.

        Where this task was cancelled meanwhile, that cancellation is returned, to be
        raised.
        """
        if self._task is None:
            return None
        cancelled = await _wait(self._task, patience)
        if self._task.done():
            return cancelled
        if cancelled is None:
            logger.warning(
                "Observers of the lifespans have not come to an end within %g s of "
                "the stop: they are cancelled.",
                patience,
            )
        self._task.cancel()
        return await _wait(self._task, GRACE) or cancelled

    async def _work(self) -> None:
        """Do what is to be done; let no exception out, for some would stop the loop."""
        try:
            while self._to_do:
                try:
                    await self._to_do.popleft()
                except asyncio.CancelledError:
                    raise
                except BaseException as error:  # noqa: BLE001 - logged
                    _log(error)
        finally:
            while self._to_do:
                self._to_do.popleft().close()


def _log(error: BaseException) -> None:
    text = "an observer of the lifespans has raised"
    # A log handler that raises is no reason to end anything either.
    with contextlib.suppress(BaseException):
        logger.error(text, exc_info=error)


async def _wait(
    task: asyncio.Task[None], seconds: float
) -> asyncio.CancelledError | None:
    try:
        await asyncio.wait((task,), timeout=None if math.isinf(seconds) else seconds)
    except asyncio.CancelledError as error:
        return error
    return None
