"""A server's half of the lifespan protocol, for servers that have none.

It starts an application and stops it, both in one task, as the servers do that speak
the protocol. (ASGI specification, "Lifespan Protocol", version 2.0.)
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lifespan_registry._application import (
    application_lifespan,
    describe,
    lifespan_scope,
)

if TYPE_CHECKING:
    from lifespan_registry._application import Application

logger = logging.getLogger("lifespan_registry")


class Host:
    """Holds the lifespan of *application* open, from `start()` to `stop()`.

    It is used once, in one event loop. It has no time limits: the wrapper has its own.
    The lifespan begins in *context*, in a copy of the current one unless given.
    """

    def __init__(
        self, application: Application, context: contextvars.Context | None = None
    ) -> None:
        self.state: dict[str, Any] = {}
        """What the application has put there; every request gets a copy."""
        self._application = application
        self._context = context
        self._started: asyncio.Future[None] | None = None
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """Whether it has started, and has not ended since."""
        return (
            self._task is not None
            and not self._task.done()
            and self._started is not None
            and self._started.done()
        )

    async def start(self) -> None:
        """Start the application, and keep it up.

        Raises `ApplicationError` where it answers that it has failed. One that speaks
        no lifespan is taken as started. A cancellation unwinds it before it goes on.
        """
        loop = asyncio.get_running_loop()
        self._started = loop.create_future()
        self._task = loop.create_task(
            self._live(self._started),
            name=f"lifespan of {describe(self._application)}",
            context=self._context,
        )
        try:
            await asyncio.wait(
                (self._started, self._task), return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            self._task.cancel()
            # It unwinds within limits of its own.
            await asyncio.wait((self._task,))
            raise
        if not self._started.done():
            self._task.result()

    async def stop(self) -> None:
        """Stop the application, or wait for a stop that is under way.

        Raises `ApplicationError` where it answers that it has failed.
        """
        self._leave.set()
        if self._task is None:
            return
        await asyncio.wait((self._task,))
        # A server that ends cancels all tasks; that has unwound it as well.
        if not self._task.cancelled():
            self._task.result()

    def when_over(self, callback: Callable[[], None]) -> None:
        """Have *callback* called when what has started is over, in whatever way."""
        if self._task is not None:
            self._task.add_done_callback(lambda _: callback())

    async def _live(self, started: asyncio.Future[None]) -> None:
        scope = lifespan_scope(self.state)
        lifespan = contextlib.asynccontextmanager(application_lifespan)
        try:
            async with lifespan(self._application, scope):
                started.set_result(None)
                await self._leave.wait()
        except Exception:
            if self._leave.is_set() or not started.done():
                raise
            name = describe(self._application)
            logger.exception("the lifespan of %s crashed while it was up", name)
