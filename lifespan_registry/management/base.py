"""A base for management commands that use lifespans."""

from __future__ import annotations

import contextlib
import inspect
import signal
from asyncio.events import _get_running_loop  # pyright: ignore[reportPrivateUsage]
from collections.abc import Callable, Coroutine, Generator, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import SynchronousOnlyOperation
from django.core.management.base import BaseCommand, CommandError

from lifespan_registry._choice import check_names
from lifespan_registry._core.registry import Registry, default_registry
from lifespan_registry._core.run import Run
from lifespan_registry.exceptions import PlanError, ShutdownError, StartupError
from lifespan_registry.management.stopping import StopSignals, on_loop
from lifespan_registry.servers.view_loop import view_loop

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names
    from lifespan_registry._core.loop_thread import RunInThread

T = TypeVar("T")

NAMES = (
    "lifespan_registry",
    "lifespan_run",
    "lifespan_skip",
    "lifespan_tags",
    "lifespans",
)
"""The attributes of a command that speak of its lifespans."""


class LoopCommand(BaseCommand):
    """A command that can run a coroutine."""

    _is_program = False

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as what the process is for; `call_command` does not come by here."""
        self._is_program = True
        super().run_from_argv(argv)

    def on_loop(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *main* on an event loop, which Ctrl-C and SIGTERM unwind."""
        return on_loop(main, is_program=self._is_program)


class LifespanCommand(LoopCommand):
    """A management command whose lifespans are up while it works.

    It has either ``async def ahandle(self, *args, **options)``, which runs on one event
    loop with the lifespans, or a plain ``handle()``, with the lifespans in a thread:
    there ``self.lifespan_run.call()`` and `async_to_sync` run coroutines on their loop.
    Arguments and Django's checks come first; the lifespans are stopped when the command
    returns or raises, at Ctrl-C and at SIGTERM.

    Raises TypeError, at the class, where that is not what it has.
    """

    lifespans: Names | None = None
    """Start only these, with what they need; None starts all."""

    lifespan_skip: Names = ()
    """Do not start these, which no other may need."""

    lifespan_tags: str | Iterable[str] | None = None
    """Leave out what has tags, but none of these; None leaves out nothing."""

    lifespan_registry: Registry = default_registry
    """Whose lifespans they are."""

    lifespan_run: Run
    """The run of the lifespans, while it is up."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        check_names(cls, NAMES)
        if slip := _slip_of(cls):
            text = f"{cls.__module__}.{cls.__qualname__}: {slip}"
            raise TypeError(text)

    async def ahandle(self, *args: Any, **options: Any) -> str | None:
        """Do the work of the command; what is returned is printed."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the checks, then the command with its lifespans.

        Raises CommandError where the lifespans cannot be started or stopped, and
        SynchronousOnlyOperation on an event loop, which it would block.
        """
        kind = type(self)
        if not _is_async(kind) and not _is_sync(kind):
            raise NotImplementedError(
                f"{kind.__module__}.{kind.__qualname__} has nothing to do: write its "
                "async def ahandle(self, *args, **options), or handle() for sync code."
            )
        if _get_running_loop() is not None:
            name = kind.__module__.rpartition(".")[2]
            raise SynchronousOnlyOperation(
                f"The command {name!r} was called on an event loop that is running, "
                "which it would block. Call it in a thread: "
                f'await sync_to_async(call_command)("{name}", ...).'
            )
        # Django calls it when all of its checks are over.
        vars(self)["handle"] = self._handle_with_lifespans
        try:
            return super().execute(*args, **options)
        finally:
            vars(self).pop("handle", None)

    def _handle_with_lifespans(self, *args: Any, **options: Any) -> str | None:
        choice: dict[str, Any] = {
            "only": self.lifespans,
            "skip": self.lifespan_skip,
            "tags": self.lifespan_tags,
        }

        async def ahandle() -> str | None:
            run = self.lifespan_registry.run(**choice)
            async with _Told(run):
                with self._up(run):
                    done = await self.ahandle(*args, **options)
                    _check_awaited(done)
                    return done

        if _is_async(type(self)):
            return self.on_loop(ahandle)
        in_thread = self.lifespan_registry.run_in_thread(**choice)
        with (
            # Ctrl-C does by itself what it does.
            StopSignals(signal.SIGTERM),
            _ToldInThread(in_thread) as run,
            self._up(run),
            view_loop.bound(run.loop),
        ):
            # What stands there for the instance is this very method.
            return type(self).handle(self, *args, **options)

    @contextlib.contextmanager
    def _up(self, run: Run) -> Generator[None]:
        self.lifespan_run = run
        try:
            yield
        finally:
            del self.lifespan_run


@contextlib.contextmanager
def told() -> Generator[None]:
    """Raise what a run fails of as the error that Django prints without traceback."""
    try:
        yield
    except (PlanError, StartupError, ShutdownError) as error:
        raise CommandError(str(error)) from error


class _Told:
    """Enters and leaves *run*; what the code in the block raises goes on as it is."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def __aenter__(self) -> Run:
        with told():
            return await self._run.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with told():
            await self._run.__aexit__(kind, error, traceback)


class _ToldInThread:
    """The same for sync code."""

    def __init__(self, run: RunInThread) -> None:
        self._run = run

    def __enter__(self) -> Run:
        with told():
            return self._run.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with told():
            self._run.__exit__(kind, error, traceback)


def _check_awaited(done: object) -> None:
    if inspect.iscoroutine(done):
        done.close()
        text = "ahandle() has returned a coroutine: is an await missing?"
        raise TypeError(text)


def _is_async(command: type[LifespanCommand]) -> bool:
    return command.ahandle is not LifespanCommand.ahandle


def _is_sync(command: type[LifespanCommand]) -> bool:
    return command.handle is not BaseCommand.handle


def _slip_of(command: type[LifespanCommand]) -> str:
    """Say why *command* cannot work, if its methods tell."""
    is_async, is_sync = _is_async(command), _is_sync(command)
    if is_async and is_sync:
        return (
            "it has both handle() and ahandle(), and only one of them can be run. Keep "
            "ahandle() if it awaits something, handle() if not."
        )
    if is_sync and inspect.iscoroutinefunction(command.handle):
        return "handle() is a coroutine function: call it ahandle()."
    if is_async and not inspect.iscoroutinefunction(command.ahandle):
        return (
            "ahandle() is not a coroutine function: write async def, or call it "
            "handle()."
        )
    return ""
