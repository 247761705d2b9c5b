"""The server's half of the conversation, and an application to have it with."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from lifespan_registry import Lifespan, Registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import UnavailableError

WITHIN = 5.0
"""How many seconds anything that has to happen gets."""

STARTUP, SHUTDOWN = "lifespan.startup", "lifespan.shutdown"
STARTED, STOPPED = "lifespan.startup.complete", "lifespan.shutdown.complete"
START_FAILED, STOP_FAILED = "lifespan.startup.failed", "lifespan.shutdown.failed"

Scope = MutableMapping[str, Any]
ServerState = dict[str, Any] | None


class Plain:
    """An application that, as Django, raises at a lifespan scope.

    It answers a request with what *view* makes of its scope.
    """

    def __init__(self, view: Callable[[Scope], Any] = dict) -> None:
        self.view = view

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            message = "knows no lifespan"
            raise ValueError(message)
        await send({"type": f"{scope['type']}.answer", "value": self.view(scope)})


def wrapped(
    registry: Registry, view: Callable[[Scope], Any] = dict
) -> LifespanApplication:
    """Wrap a plain application in the lifespans of *registry*."""
    return LifespanApplication(Plain(view), registry=registry)


class Server:
    """A server: the lifespan, and requests that get a copy of its state each.

    With no *state* it is one that knows no lifespan state at all.
    """

    def __init__(self, application: Any, state: ServerState = None) -> None:
        self.application = application
        self.state = state
        self.arrived = asyncio.Event()

    @functools.cached_property
    def lifespan(self) -> ApplicationCommunicator:
        """The conversation: some versions of asgiref begin it as soon as it is made."""
        return ApplicationCommunicator(self.application, self._scope("lifespan"))

    def _scope(self, kind: str) -> Scope:
        scope: Scope = {"type": kind, "asgi": {"version": "3.0"}}
        if self.state is not None:
            scope["state"] = self.state if kind == "lifespan" else dict(self.state)
        return scope

    async def start(self) -> MutableMapping[str, Any]:
        """Send ``lifespan.startup``; return the answer."""
        await self.lifespan.send_input({"type": STARTUP})
        return await self.lifespan.receive_output(WITHIN)  # type: ignore[no-any-return]

    async def stop(self) -> MutableMapping[str, Any]:
        """Send ``lifespan.shutdown``; return the answer when all is done."""
        await self.lifespan.send_input({"type": SHUTDOWN})
        await self.lifespan.wait(WITHIN)
        return await self.lifespan.receive_output(WITHIN)  # type: ignore[no-any-return]

    async def request(self, kind: str = "http") -> Any:
        """Send a request; return what the view has made of it, or raise its error."""

        async def application(scope: Any, receive: Any, send: Any) -> None:
            self.arrived.set()
            await self.application(scope, receive, send)

        request = ApplicationCommunicator(application, self._scope(kind))
        await request.wait(WITHIN)
        return (await request.receive_output(WITHIN))["value"]


class Script:
    """A server that goes by a script.

    Its steps are message types and exceptions: those it raises out of ``receive()``.
    After the last one it waits for ever. Where *raises* has a type, ``send()`` raises
    for it. What it is sent is noted in *log*.
    """

    def __init__(
        self,
        log: list[str],
        *steps: str | BaseException,
        raises: dict[str, BaseException] | None = None,
        state: dict[str, Any] | None = None,
    ) -> None:
        self.log = log
        self.messages: list[MutableMapping[str, Any]] = []
        self.waiting = asyncio.Event()
        self.scope: Scope = {
            "type": "lifespan",
            "state": {} if state is None else state,
        }
        self._steps = list(steps)
        self._raises = raises or {}

    async def run(self, application: Any) -> None:
        """Call *application* with a lifespan scope."""
        await application(self.scope, self.receive, self.send)

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._steps:
            self.waiting.set()
            await asyncio.Event().wait()
        step = self._steps.pop(0)
        if isinstance(step, BaseException):
            raise step
        return {"type": step}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.log.append(message["type"])
        self.messages.append(message)
        if (error := self._raises.get(message["type"])) is not None:
            raise error


class Gate:
    """A place in a lifespan: a test knows when it is reached, and opens it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.open.wait()


def keys(scope: Scope) -> list[str]:
    """Return what the state of *scope* holds, but for the marks of runs."""
    return [key for key in scope.get("state", {}) if ":" not in key]


def keys_before_own(scope: Scope) -> list[str]:
    """Return the keys in the state of a request, and add one of the request's own."""
    before = keys(scope)
    scope["state"]["user"] = "someone"
    return before


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return level and text of what the package has logged."""
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "lifespan_registry"
    ]


async def done(task: asyncio.Task[Any]) -> BaseException | None:
    """Wait until *task* is done; return what it raised, a cancellation too."""
    await asyncio.wait((task,), timeout=WITHIN)
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def why_not(lifespan: Lifespan[Any], scope: Scope) -> list[type[UnavailableError]]:
    """Return of which kinds are the errors of both ways to a value out of reach."""
    with pytest.raises(UnavailableError) as here:
        lifespan.get()
    with pytest.raises(UnavailableError) as there:
        lifespan.get(scope)
    return [here.type, there.type]
