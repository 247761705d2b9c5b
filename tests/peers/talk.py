"""The server's half of a lifespan, towards any application, and lifespans that note."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Self

from tests.peers.forms import Application, Function

WITHIN = 5.0
"""How many seconds anything that has to happen gets."""

Hook = Callable[[], Awaitable[object]]


class Talk:
    """One lifespan call of *app*; `said` is what it has sent.

    With no *state*, the server is one that has none. Used as a context manager, which
    leaves no task behind.
    """

    def __init__(self, app: Application, state: dict[str, Any] | None) -> None:
        self.said: list[Mapping[str, Any]] = []
        self._app = app
        self._inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._news = asyncio.Event()
        self._scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}}
        if state is not None:
            self._scope["state"] = state

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._call())
        return self

    async def __aexit__(self, *error: object) -> None:
        self.task.cancel()
        await asyncio.wait((self.task,), timeout=WITHIN)

    async def _call(self) -> None:
        # What it raises, a server may log; what counts here is what it says.
        with contextlib.suppress(Exception):
            await self._app(self._scope, self._inbox.get, self._send)

    async def _send(self, message: Mapping[str, Any]) -> None:
        self.said.append(message)
        self._news.set()

    async def ask(self, phase: str, within: float = WITHIN) -> str:
        """Send the message that begins *phase*; return the answer's type.

        It is empty if there is none *within* so many seconds, or before the end.
        """
        self._news.clear()
        self._inbox.put_nowait({"type": f"lifespan.{phase}"})
        news = asyncio.ensure_future(self._news.wait())
        await asyncio.wait(
            (news, self.task), timeout=within, return_when=asyncio.FIRST_COMPLETED
        )
        news.cancel()
        return str(self.said[-1]["type"]) if self._news.is_set() else ""

    async def start(self) -> bool:
        """Return whether it says that it has started."""
        return await self.ask("startup") == "lifespan.startup.complete"

    async def stop(self) -> bool:
        """Return whether it says that it has stopped, when it has come to its end."""
        answer = await self.ask("shutdown")
        await asyncio.wait((self.task,), timeout=WITHIN)
        return answer == "lifespan.shutdown.complete"


async def at_once() -> None:
    """Do nothing where something could be done."""


def noting(
    log: list[str],
    name: str,
    *,
    enter: Hook = at_once,
    leave: Hook = at_once,
    guarded: bool = True,
    values: Mapping[str, object] | None = None,
) -> Function:
    """Return a lifespan that notes ``+name`` and ``-name``.

    One that is *guarded* has a ``try`` around its yield. It takes the application, as
    some peers hand it over, and does without, as others do not.
    """
    given = dict(values or {})

    async def cautious(app: Any = None) -> AsyncIterator[Mapping[str, Any]]:
        await enter()
        log.append(f"+{name}")
        try:
            yield given
        finally:
            await leave()
            log.append(f"-{name}")

    async def plain(app: Any = None) -> AsyncIterator[Mapping[str, Any]]:
        await enter()
        log.append(f"+{name}")
        yield given
        await leave()
        log.append(f"-{name}")

    return cautious if guarded else plain
