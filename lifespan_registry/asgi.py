"""The wrapper: what a server calls in place of the application.

It changes nothing about ``http`` and ``websocket`` but the state. What it answers to
``lifespan`` follows the ASGI specification ("Lifespan Protocol", version 2.0), and what
servers do where they differ from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import weakref
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.registry import Registry, default_registry
from lifespan_registry.exceptions import Origin

if TYPE_CHECKING:
    from lifespan_registry._application import Application
    from lifespan_registry._core.run import Run
    from lifespan_registry._lazy import LazyStarts

__all__ = ["LifespanApplication", "get_asgi_application"]

logger = logging.getLogger("lifespan_registry")


class LifespanApplication:
    """Run the lifespans of *registry* around *app*, any ASGI application.

    Where *app* speaks lifespan itself, its own runs inside: it starts after the
    registry's and stops before them. A start or a stop that fails is logged, and told
    to the server: ``lifespan.startup.failed``, ``lifespan.shutdown.failed``. (ASGI
    specification, "Lifespan Protocol", version 2.0. An exception in its place is taken
    for an application without lifespan, which is served all the same.)
    """

    # Requests read these; the rest of a wrapper's life is in its lifespan call.
    __slots__ = (
        "__weakref__",
        "_asked",
        "_lazy",
        "_mark",
        "_registry",
        "_serve",
        "app",
    )

    def __init__(
        self, app: Application, *, registry: Registry = default_registry
    ) -> None:
        self.app = app
        self._registry = registry
        self._mark = registry.mark
        self._serve = app
        # The event loops on which a server has sent lifespan.
        self._asked: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
        self._lazy: LazyStarts | None = None

    @property
    def registry(self) -> Registry:
        """The registry whose lifespans it runs."""
        return self._registry

    def __repr__(self) -> str:
        from lifespan_registry._application import describe  # noqa: PLC0415

        return f"<LifespanApplication around {describe(self.app)}>"

    # Servers tell ASGI 3 from ASGI 2 by this being a coroutine function with exactly
    # these three arguments; some pass them by name.
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one scope; requests go straight on where their state is filled.

        Where the server sends no lifespan, a request raises `LazyStartError` if the
        start that it has waited for has failed, and `LazyRefusedError` if the settings
        forbid that start.
        """
        # Two plain look-ups and one call: every request pays for what stands here, and
        # for a local name, too.
        try:
            scope["state"][self._mark]
        except (KeyError, TypeError):
            serve = self._listen if scope["type"] == "lifespan" else self._fill
        else:
            await self._serve(scope, receive, send)
            return
        await serve(scope, receive, send)

    # --- requests ------------------------------------------------------------------

    async def _fill(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request for which the server has brought no state of ours."""
        run = self._registry.current_run()
        # A start that is under way may be that of another wrapper, and may fail.
        if run is None or run.is_starting or self._lazy is not None:
            await self._start_lazily(scope)
            run = self._registry.current_run()
        if run is not None:
            if (
                run.is_starting
                # A request that a lifespan sends itself must not wait for it.
                and not run.is_around
                and not self._registry.is_probe(scope)
            ):
                await run.wait_started()
            state: dict[str, Any] = {**run.copy_state(), **(scope.get("state") or {})}
            scope = {**scope, "state": state}
            run.apply_variables()
        await self.app(scope, receive, send)

    async def _start_lazily(self, scope: Any) -> None:
        """Start by this request what no server has started, or wait for that."""
        if asyncio.get_running_loop() in self._asked:
            return
        if self._lazy is None:
            # Only servers without lifespan need it.
            from lifespan_registry._lazy import LazyStarts  # noqa: PLC0415

            self._lazy = LazyStarts(self._answer, self._registry)
        await self._lazy.join(scope)

    async def _serve_with_variables(
        self,
        scope: Any,
        receive: Any,
        send: Any,
    ) -> None:
        scope["state"][self._mark].apply_variables()
        await self.app(scope, receive, send)

    # --- lifespan ------------------------------------------------------------------

    async def _listen(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a server, which then is the one that starts and stops."""
        # Without asyncio, the run says that it cannot do without.
        with contextlib.suppress(RuntimeError):
            self._asked.add(asyncio.get_running_loop())
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer the lifespan protocol: start on one message, stop on the next."""
        await _receive(receive, "lifespan.startup")
        # Granian empties the state of the scope before it sends lifespan.shutdown: it
        # is read here alone.
        given: dict[str, Any] | None = scope.get("state")
        state = {} if given is None else given
        self._registry.warn_if_empty()
        run = self._registry.run()
        run.share(state)
        answer = {"type": "lifespan.shutdown.complete"}
        is_up = has_to_stop = False
        try:
            async with run, self._inner_run({**scope, "state": state}):
                run.check_shared(self._origin())
                if run.variables:
                    self._serve = self._serve_with_variables
                is_up = True
                with self._early_notice(run):
                    await send({"type": "lifespan.startup.complete"})
                    # Servers in a hurry cancel this instead of sending the message.
                    await _receive(receive, "lifespan.shutdown")
                has_to_stop = True
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:
            # An exception that left here would have most servers serve on, without
            # lifespans and without a traceback: SystemExit, too, is told as a failure.
            if is_up and not has_to_stop:
                raise
            # Only a failure pays for the import.
            from lifespan_registry._core import failures  # noqa: PLC0415

            failures.log_failure(error)
            answer = {
                "type": f"lifespan.{'shutdown' if is_up else 'startup'}.failed",
                "message": failures.message_of(error),
            }
        # Last of all, and outside of what has failed: after a failed start Hypercorn's
        # send() raises, must see that, and prints it with all that it comes from.
        await send(answer)

    def _early_notice(self, run: Run) -> contextlib.AbstractContextManager[None]:
        """Let the signal that ends the server set `Run.stopping`, if that is asked."""
        if not self._registry.stopping_on_signal:
            return contextlib.nullcontext()
        from lifespan_registry.servers import notice  # noqa: PLC0415

        return notice.given(run.announce_stop)

    def _inner_run(self, scope: MutableMapping[str, Any]) -> Run:
        """Return a run of the wrapped application's own lifespan.

        As a registry of its own, with one lifespan in it, it has time limits, and
        a crash of it is noticed.
        """
        # Only a server needs it: no command pays for the import.
        from lifespan_registry._application import (  # noqa: PLC0415
            application_lifespan,
        )

        registry = Registry()
        registry.limits = self._registry.limits
        registry.log_level = logging.DEBUG
        own = functools.partial(application_lifespan, self.app, scope)
        inner = registry.on_lifespan(name="application", state_key=None)(own)
        inner.definition.origin = self._origin()
        return registry.run()

    def _origin(self) -> Origin:
        from lifespan_registry._application import origin_of  # noqa: PLC0415

        return origin_of(self.app)


async def _receive(receive: Any, expected: str) -> None:
    """Wait for the *expected* message; one of another type is not taken for it."""
    while (kind := (await receive())["type"]) != expected:
        logger.warning("ignored a message of type %r; expected %r", kind, expected)


def get_asgi_application() -> LifespanApplication:
    """Return Django's ASGI application, wrapped: a drop-in for Django's function."""
    # The wrapper serves applications without Django, too.
    from django.core.asgi import get_asgi_application as django  # noqa: PLC0415

    return LifespanApplication(django())
