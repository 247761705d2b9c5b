"""The state on the request: ``request.state["db"]``, ``request.state.db``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from lifespan_registry._core.registry import default_registry
from lifespan_registry._core.state import State


class LifespanStateMiddleware:
    """Set ``request.state`` to the `State` of the request.

    It serves sync and async alike, and adds no coroutine of its own to either.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Pass *request* on with its state."""
        scope = getattr(request, "scope", None)
        if scope is not None and "state" in scope:
            request.state = State(scope["state"])
        else:
            # A server or a test client that knows no state.
            run = default_registry.current_run()
            request.state = State({} if run is None else run.copy_state())
        return self.get_response(request)
