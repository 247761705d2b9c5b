"""The state on the request: ``request.state["db"]``, ``request.state.db``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from lifespan_registry._core.registry import default_registry
from lifespan_registry._core.state import ENVIRON_KEY, State


class LifespanStateMiddleware:
    """Set ``request.state`` to the `State` of the request.

    It serves sync and async alike, and adds no coroutine of its own to either.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):  # pyright: ignore[reportDeprecated]
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Pass *request* on with its state."""
        # A request that came through WSGI has no scope, but an environ.
        scope = getattr(request, "scope", None)
        home, key = (request.META, ENVIRON_KEY) if scope is None else (scope, "state")
        if key not in home:
            # A server or a test client that knows no state.
            run = default_registry.current_run()
            home[key] = {} if run is None else run.copy_state()
        request.state = State(home[key])
        return self.get_response(request)
