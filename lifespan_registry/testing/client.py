"""Django's test clients, whose requests have what a server would give them."""

from __future__ import annotations

import contextlib
import contextvars
from asyncio.events import _get_running_loop  # pyright: ignore[reportPrivateUsage]
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from django.test import AsyncClient, Client

from lifespan_registry._core.registry import default_registry
from lifespan_registry._core.run import inside
from lifespan_registry._core.state import ENVIRON_KEY
from lifespan_registry.exceptions import CallOutsideRunError
from lifespan_registry.servers.view_loop import view_loop

if TYPE_CHECKING:
    from lifespan_registry._core.run import Run


REQUEST = "a request of the test"


class LifespanClient(Client):
    """Django's `Client`, whose requests carry the state of *run*.

    Without *run*, that is the run whose block the request is sent in, or else the one
    of the default registry that serves the current code. Where there is none, requests
    are those of Django's client.

    Each request has a copy of the state in ``request.META``, sees the context variables
    that lifespans have set, and runs async views on the event loop of the run. All
    other arguments are those of Django's client.
    """

    def __init__(self, *args: Any, run: Run | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run

    def request(self, **request: Any) -> Any:
        """Send a request: every method of the client ends here.

        Raises `CallOutsideRunError` where the run that was given is not up.
        """
        with _serving(self.run) as run:
            if run is None:
                return super().request(**request)
            with view_loop.bound(run.loop):
                return super().request(**{ENVIRON_KEY: run.copy_state(), **request})


class AsyncLifespanClient(AsyncClient):
    """Django's `AsyncClient`, whose requests carry the state of *run*.

    It is what `LifespanClient` is, for the event loop of the run. Each request has
    a copy of the state in ``scope["state"]``.
    """

    def __init__(self, *args: Any, run: Run | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run

    async def request(self, **request: Any) -> Any:
        """Send a request: every method of the client ends here.

        Raises `CallOutsideRunError` where the run that was given is not up, or is on
        another event loop.
        """
        with _serving(self.run) as run:
            if run is None:
                return await super().request(**request)
            if run.loop is not _get_running_loop():
                raise CallOutsideRunError(REQUEST, "it is on another event loop")
            return await super().request(**{"state": run.copy_state(), **request})


@contextlib.contextmanager
def _serving(given: Run | None) -> Generator[Run | None, None, None]:
    """Let the current code be part of the run that is *given*, or of the one here.

    It sees the context variables of the lifespans. Afterwards the test goes on as it
    was.
    """
    if given is not None and (detail := given.why_not_up()):
        raise CallOutsideRunError(REQUEST, detail)
    if (run := given or _run_here()) is None:
        yield None
        return
    seen = contextvars.copy_context()
    seen.run(inside.set, run)
    seen.run(run.apply_variables)
    variables = (inside, *run.variables)
    tokens = [(one, one.set(seen[one])) for one in variables if one in seen]
    try:
        yield run
    finally:
        for variable, token in tokens:
            variable.reset(token)


def _run_here() -> Run | None:
    """Return the run whose block this is in, of whatever registry.

    Otherwise that of the default registry, if it has one for the current code.
    """
    run = inside.get(None)
    is_here = run is not None and _get_running_loop() in (None, run.loop)
    if is_here and run is not None and not run.why_not_up():
        return run
    return default_registry.current_run()
