"""The start by the first request, for servers that send no lifespan.

The application is asked by the lifespan protocol, as a server would, so that whatever
is wrapped in it starts, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.run import inside
from lifespan_registry._host import Host
from lifespan_registry.exceptions import (
    ApplicationError,
    LazyRefusedError,
    LazyStartError,
)
from lifespan_registry.servers import exits, known

if TYPE_CHECKING:
    from lifespan_registry._application import Application
    from lifespan_registry._core.registry import Registry

logger = logging.getLogger("lifespan_registry")


class LazyStarts:
    """The starts of *application*, one on each event loop.

    Their lifespans are those of *registry*, and what the application has of its own.
    Several applications with one registry, as for HTTP and for websockets, share them:
    the first of them to be asked is the one that is started.
    """

    def __init__(self, application: Application, registry: Registry) -> None:
        self._application = application
        self._registry = registry
        self._starts = _STARTS.setdefault(registry, weakref.WeakKeyDictionary())
        self._has_warned = False

    async def join(self, scope: Mapping[str, Any]) -> None:
        """Let a request wait until all is up on its event loop; the first one starts.

        One that asks how things are, by its *scope*, does not wait. Raises
        `LazyRefusedError` where the registry forbids it, and `LazyStartError` where the
        start has failed; the next request then tries again.
        """
        around = inside.get(None)
        if around is not None and around.is_starting:
            # A request that a lifespan sends itself must not wait for it.
            return
        loop = asyncio.get_running_loop()
        start = self._starts.get(loop)
        if start is None:
            if not len(self._registry) or self._registry.is_up_here:
                return
            self._registry.check_not_overridden()
            server = known.current_server()
            if not self._registry.lazy:
                if self._registry.is_probe(scope):
                    return
                raise LazyRefusedError(str(server), server.advice)
            self._warn(server)
            start = self._starts[loop] = LazyStart(self._application)
            exits.stop_with(server, start.stop)
        await start.join(partial(self._registry.is_probe, scope))

    def _warn(self, server: known.Server) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        logger.warning(
            "The first request starts the lifespans, and waits for them: no lifespan "
            "protocol has come from the server. It is %s. %s",
            server,
            server.advice,
        )


class LazyStart:
    """The start of *application* on one event loop, and its stop."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._attempt: asyncio.Task[str | None] | None = None
        self._host: Host | None = None
        self._is_over = False

    async def join(self, is_probe: Callable[[], bool] | None = None) -> None:
        """Wait until the application is up; start it if nobody has.

        Who *is_probe* does not wait. Raises `LazyStartError` where that fails. Once
        it has been up, and is not any more, there is nothing to wait for.
        """
        if self._host is not None or self._is_over:
            return
        if self._attempt is None:
            # A client that goes away has only its request cancelled.
            self._attempt = asyncio.create_task(self._try(), name="first request")
            self._attempt.add_done_callback(self._end_attempt)
        if is_probe is not None and is_probe():
            return
        attempt = self._attempt
        await asyncio.wait((attempt,))
        failure = "it was cancelled." if attempt.cancelled() else attempt.result()
        if failure is not None:
            raise LazyStartError(failure)

    async def stop(self) -> None:
        """Stop the application, or give up a start that is under way; once for all."""
        self._is_over = True
        if self._attempt is not None:
            self._attempt.cancel()
            await asyncio.wait((self._attempt,))
        if self._host is not None:
            # The application has logged it.
            with contextlib.suppress(ApplicationError):
                await self._host.stop()

    async def _try(self) -> str | None:
        """Start the application; return of what that has failed, if it has."""
        # What the first request has in its context is its own.
        host = Host(self._application, contextvars.Context())
        try:
            await host.start()
        except ApplicationError as error:
            return error.text
        self._host = host
        host.when_over(self._end)
        return None

    # Tasks lead to the event loop, of which nothing is to be kept when it is closed.

    def _end_attempt(self, _attempt: object) -> None:
        self._attempt = None

    def _end(self) -> None:
        self._host = None
        self._is_over = True


_STARTS: weakref.WeakKeyDictionary[
    Registry, weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LazyStart]
] = weakref.WeakKeyDictionary()
