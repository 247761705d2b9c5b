"""The lifespan of another ASGI application, as one of ours.

This is the asking half of the conversation: the one that servers have, towards an
application that answers. (ASGI specification, "Lifespan Protocol", version 2.0.)
"""

from __future__ import annotations

import asyncio
import logging
import types
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from lifespan_registry._core.tasks import hide
from lifespan_registry.exceptions import ApplicationError, Origin, brief

logger = logging.getLogger("lifespan_registry")

# ASGI's types differ between asgiref, Starlette and the servers, and do not match; what
# accepts all of their applications is this.
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Message: TypeAlias = MutableMapping[str, Any]

FACTORY = " Does it make the application? Then it is include_app(factory=...)."

PATIENCE = 1.0
"""How many seconds an application gets to return once it has answered."""


def describe(application: Application) -> str:
    """Name *application* for a message."""
    name = getattr(application, "__qualname__", None)
    return name if isinstance(name, str) else type(application).__qualname__


def origin_of(application: Application) -> Origin:
    """Say where *application* is defined, or its class."""
    name = describe(application)
    for function in (application, type(application).__call__):
        code = getattr(function, "__code__", None)
        if isinstance(code, types.CodeType):
            return Origin(name, code.co_filename, code.co_firstlineno)
    return Origin(name, type(application).__module__, 0)


def lifespan_scope(state: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return what a server sends to have *state* filled."""
    asgi = {"version": "3.0", "spec_version": "2.0"}
    return {"type": "lifespan", "asgi": asgi, "state": state}


async def application_lifespan(
    application: Application,
    scope: MutableMapping[str, Any],
    *,
    is_expected: bool = False,
) -> AsyncGenerator[None, None]:
    """Start *application* by the lifespan protocol, yield, and stop it.

    One that raises or returns before it answers speaks no lifespan, as the
    specification has it; Django is such a one. Where a lifespan *is_expected*, one that
    raises once it has been asked has failed. Raises `ApplicationError` for that, and
    where it answers that it has failed. A crash after its startup goes out through the
    yield.
    """
    talk = _Conversation(application, scope, is_expected=is_expected)
    try:
        async with asyncio.TaskGroup() as group:
            talk.task = task = group.create_task(talk.call())
            if is_expected:
                # Who cancels all tasks, as the end of asyncio.run() does, is to find
                # ours alone: it holds back until those that need it are over, and is
                # not waited for once it has been given up.
                hide(task)
            try:
                await talk.ask("startup", task)
                yield
                await talk.ask("shutdown", task)
                if not task.done():
                    await asyncio.wait((task,), timeout=PATIENCE)
                    task.cancel()
            finally:
                talk.is_over = True
    except BaseExceptionGroup as group_error:
        # The group has one task, and says less than the error of that one.
        error = group_error.exceptions[0]
        raise error from error.__cause__


class _Conversation:
    """Questions to an application, and its answers."""

    def __init__(
        self,
        application: Application,
        scope: MutableMapping[str, Any],
        *,
        is_expected: bool,
    ) -> None:
        self._application = application
        self._is_expected = is_expected
        self._name = describe(application)
        self._scope = scope
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[str | None] | None = None
        self._phase = ""
        self._has_listened = False
        self._is_up = False
        self._error: BaseException | None = None
        self._crash: str | None = None
        self.task: asyncio.Task[None]
        self.is_over = False
        """Whether a cancellation is ours."""

    async def call(self) -> None:
        """Call the application, and judge how it ends."""
        try:
            await self._application(self._scope, self._receive, self._send)
        except BaseException as error:
            is_cancelled = isinstance(error, asyncio.CancelledError)
            if is_cancelled and (self.is_over or not self._is_expected):
                raise
            if self._is_up and self._answer is None:
                # Outside any question: it has crashed while it was to stay up. Only
                # an Exception may leave a task; asyncio stops the loop for others.
                if isinstance(error, Exception):
                    raise
                said = _in_short(self._crash or repr(error), error)
                raise ApplicationError(self._name, "run", said) from error
            self._error = error
        else:
            if self._crash is not None:
                raise ApplicationError(self._name, "run", self._crash)

    async def ask(self, phase: str, task: asyncio.Task[None]) -> None:
        """Send the message that begins *phase*, and wait for the answer."""
        # Where tasks are eager, it may be over before it is asked anything.
        if not task.done():
            self._phase = phase
            answer = self._answer = asyncio.get_running_loop().create_future()
            self._inbox.put_nowait({"type": f"lifespan.{phase}"})
            await asyncio.wait((answer, task), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                if (failed := answer.result()) is not None:
                    # Starlette and its like raise what they have just told.
                    await asyncio.wait((task,), timeout=PATIENCE)
                    task.cancel()
                    said = _in_short(failed, self._error)
                    raise ApplicationError(self._name, phase, said) from self._error
                self._answer = None
                self._is_up = True
        self._judge_end(phase)

    def _judge_end(self, phase: str) -> None:
        """Tell an application without lifespan from one that broke on the way."""
        error, self._error = self._error, None
        if self._has_failed(error):
            raise ApplicationError(self._name, phase, repr(error)) from error
        if self._is_up or phase != "startup":
            return
        if self._is_expected:
            logger.warning(
                "%s speaks no lifespan%s: it is served, and nothing is started for "
                "it.%s",
                self._name,
                "" if error is None else f" (it raised {brief(error)})",
                FACTORY if isinstance(error, TypeError) else "",
            )
        elif error is not None:
            logger.log(
                logging.WARNING if self._has_listened else logging.DEBUG,
                "%s raised in its lifespan before it answered. It is taken for an "
                "application without lifespan, as the ASGI specification has it.",
                self._name,
                exc_info=error,
            )

    def _has_failed(self, error: BaseException | None) -> bool:
        is_broken = self._is_up or (self._is_expected and self._has_listened)
        return error is not None and (is_broken or not isinstance(error, Exception))

    async def _receive(self) -> Message:
        message = await self._inbox.get()
        self._has_listened = True
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._is_up and self._answer is None and kind == "lifespan.shutdown.failed":
            # Starlette tells of a crash by this, and raises what it is of.
            self._crash = message.get("message") or ""
            asyncio.get_running_loop().call_later(PATIENCE, self.task.cancel)
            return
        if self._answer is None or self._answer.done():
            text = f"{self._name} sent {kind!r}, and nobody had asked"
            raise RuntimeError(text)
        if kind == f"lifespan.{self._phase}.complete":
            self._answer.set_result(None)
        elif kind == f"lifespan.{self._phase}.failed":
            self._answer.set_result(message.get("message") or "")
        else:
            text = f"{self._name} sent {kind!r} in answer to 'lifespan.{self._phase}'"
            raise RuntimeError(text)


def _in_short(said: str, error: BaseException | None) -> str:
    """Return what an application *said*; of a whole traceback, its *error* alone."""
    if error is None or not said.startswith("Traceback"):
        return said
    return brief(error)
