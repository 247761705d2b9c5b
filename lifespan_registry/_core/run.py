"""A run: the lifespans of a registry from one start to one stop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from types import MappingProxyType, TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    NoReturn,
    Protocol,
    Self,
    TypeVar,
    TypeVarTuple,
)

from lifespan_registry._core import overrides, variables
from lifespan_registry._core.account import Account, Failure
from lifespan_registry._core.calls import Call, name_of
from lifespan_registry._core.conductor import Conductor
from lifespan_registry._core.log import Log
from lifespan_registry._core.report import Report, Status
from lifespan_registry._core.state import State
from lifespan_registry._core.telling import Event, Observer, Telling
from lifespan_registry._core.values import Values
from lifespan_registry.exceptions import (
    CallOutsideRunError,
    ForkedError,
    NotInThisRunError,
    Origin,
    OverriddenTooLateError,
    PlanError,
    RunUsedError,
    ShutdownError,
    StartupError,
)

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Definition, Limits
    from lifespan_registry._core.plan import Plan

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

logger = logging.getLogger("lifespan_registry")

inside: contextvars.ContextVar[Run] = contextvars.ContextVar("lifespan_registry.inside")
"""The run in whose lifespans, or in whose block, the current code is."""


class Home(overrides.Home, Protocol):
    """Where a run announces itself, so that `Lifespan.get()` finds it."""

    def add(self, run: Run) -> None: ...
    def remove(self, run: Run, failure: str | None) -> None: ...


class Run:
    """The lifespans of a registry from one start to one stop, in one event loop.

    Made by `Registry.run()`, and entered once: ``async with registry.run() as run:``.
    """

    def __init__(
        self,
        plan: Callable[[], Plan],
        limits: Limits,
        home: Home,
        mark: str,
        *,
        log_level: int,
        observers: Iterable[Observer],
    ) -> None:
        self._make_plan = plan
        self._log = Log(log_level)
        self._telling = Telling(observers)
        self._limits = limits
        self._home = home
        self._values = Values(mark, self)
        self._account: Account | None = None
        self._token: contextvars.Token[Run] | None = None
        self._start_over = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_over = False
        self._status = Status.WAITING
        self.variables = variables.NONE
        self.serves = False
        self.pid = os.getpid()

    @property
    def state(self) -> State:
        """What the lifespans publish, read-only."""
        return State(MappingProxyType(self._values.published))

    @property
    def report(self) -> Report:
        """What has happened so far, as a whole and lifespan by lifespan."""
        if self._account is None:
            return Report({}, status=self._status)
        return self._account.report()

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the stop begins, for what goes on until it is told to end.

        A stream, or a websocket, waits for it on the event loop of the run: ``await
        run.stopping.wait()``; sync code looks at it: ``run.stopping.is_set()``. Most
        servers let the lifespans stop when the requests in flight are over: with
        ``STOPPING_ON_SIGNAL`` in the settings it is set before, by the signal that ends
        the server.
        """
        return self._stopping

    @property
    def held(self) -> dict[str, Any]:
        """The values by name, while they are within reach."""
        return self._values.held

    @property
    def is_starting(self) -> bool:
        """Whether the start has begun and is not over yet."""
        return self._account is not None and self._account.conductor.starting

    @property
    def is_around(self) -> bool:
        """Whether the current code is in its lifespans, or in its block."""
        return inside.get(None) is self

    def __repr__(self) -> str:
        words = "not started" if self._account is None else str(self._account)
        return f"<Run: {words or 'nothing in it'}>"

    # --- enter and exit ------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start all lifespans.

        Raises `RunUsedError` where this run has been entered before, `PlanError` before
        anything is entered, and `StartupError` after all that was entered has been
        exited again. SystemExit, KeyboardInterrupt and a cancellation are raised as
        they are, after the same.
        """
        if self._account is not None:
            raise RunUsedError
        self.loop = asyncio.get_running_loop()
        self._base = contextvars.copy_context()
        self._base.run(inside.set, self)
        self._replaced = overrides.replaced(self._home)
        try:
            plan = self._make_plan()
            self._values.check(plan)
        except PlanError as error:
            self._status = Status.FAILED
            self._values.unshare()
            self._home.remove(self, str(error))
            raise
        conductor = Conductor(
            *(plan, self._limits, self._values, self._base),
            log=self._log,
            crashed=partial(self._tell, "crashed"),
        )
        self._account = Account(
            conductor, plan.absent, self._stopping, self.loop.time()
        )
        self._home.add(self)
        try:
            await self._start(self._account)
        finally:
            self._start_over.set()
        self._token = inside.set(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop all lifespans; raise `ShutdownError` if some of them failed to.

        An error of the block goes on instead, and so does a cancellation: then those of
        the stop are logged. In the child of a fork it does nothing: what is up is the
        parent's.
        """
        if self.pid != os.getpid():
            return
        if self._token is not None:
            # Fixtures, for one, may leave it in another context than they entered it.
            with contextlib.suppress(ValueError):
                inside.reset(self._token)
        if self._account is not None:
            await self._stop(self._account, error)

    async def _start(self, account: Account) -> None:
        """Start, or raise what it has failed of when all is unwound."""
        try:
            await account.conductor.start()
            if not account.conductor.failing:
                seconds = account.conductor.started_in
                self._log.all_started(len(account), seconds, account.critical_path())
        except BaseException as error:  # noqa: BLE001 - raised again in the end
            # Cancelled from outside, while it waited; or a log handler has raised.
            await self._fail(account, error)
        if account.conductor.failing:
            await self._fail(account, None)
        self.variables = variables.for_requests(
            member.changes for member in account.conductor.members
        )
        self._values.settle()
        self._tell("started")

    async def _fail(self, account: Account, error: BaseException | None) -> NoReturn:
        """Exit what has been entered; raise *error*, or what the start failed of."""
        cancelled = await self._end(account)
        errors, order = _sorted_out(account.conductor.failures)
        cleanup = account.exit_failures()
        problem: StartupError | ShutdownError | None = None
        if errors:
            problem = StartupError(errors)
            problem.cleanup = tuple(cleanup)
        elif exit_errors := _sorted_out(cleanup)[0]:
            problem = ShutdownError(exit_errors)
        leaving = _first(error, cancelled, order, problem)
        # A start that has failed has failed of something.
        assert leaving is not None  # noqa: S101
        if problem is not None and leaving is not problem:
            _tell(problem, leaving)
        raise leaving

    async def _stop(self, account: Account, error: BaseException | None) -> None:
        """Stop because of *error*, which is on its way, or because it is time to."""
        cancelled = await self._end(account)
        errors, order = _sorted_out(account.exit_failures())
        # Python's own rule: a cancellation in a finally replaces what was on its way.
        leaving = _first(cancelled, error, order)
        if errors:
            problem = ShutdownError(errors)
            if leaving is None:
                raise problem
            _tell(problem, leaving)
        else:
            self._log.all_stopped(len(account), account.conductor.stopped_in)
        if leaving is not None and leaving is not error:
            raise leaving

    async def _end(self, account: Account) -> asyncio.CancelledError | None:
        self._announce()
        try:
            cancelled = await account.conductor.stop()
        finally:
            self._is_over = True
            self._values.unshare()
            self._home.remove(self, account.failure)
        self._tell("stopped")
        return await self._telling.end(self._limits.shutdown) or cancelled

    def _announce(self) -> None:
        """Tell that the stop begins, once."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._tell("stopping")

    def _tell(self, event: Event, name: str | None = None) -> None:
        self._telling.tell(event, self, self._base, name)

    # --- for sync code -------------------------------------------------------------

    def call(
        self,
        function: Callable[[*Ts], Awaitable[T]],
        /,
        *args: *Ts,
        timeout: float | None = None,
    ) -> T:
        """Run *function* with *args* on the event loop of the run; return its result.

        For sync code, in another thread than that of the loop. It runs in a copy of the
        caller's context, with the variables that lifespans have set. Raises what it
        raises. When *timeout* seconds are over it is cancelled, and `CallTimeoutError`
        raised, a TimeoutError; Ctrl-C cancels it likewise. Raises `CallOnLoopError` on
        the loop itself, and `CallOutsideRunError` where the run is not up.
        """
        if detail := self.why_not_up():
            raise CallOutsideRunError(name_of(function), detail)
        context = contextvars.copy_context()
        context.run(self.apply_variables)
        return Call(self.loop, function).result(args, context, timeout)

    # --- for the wrapper, and for Lifespan.get() -----------------------------------

    def why_not_up(self) -> str:
        """Say why nothing can be run on its event loop; nothing, where it is up."""
        if self.pid != os.getpid():
            return "they are those of the process that this one was forked from"
        if self._account is None:
            return "they have not been started"
        return "they have been stopped" if self._is_over else ""

    def value(self, name: str) -> Any:
        """Return what lifespan *name* has yielded, or raise why it is not to be had."""
        if self.pid != os.getpid():
            # A fork has copied the run, but its loop and its threads are elsewhere.
            raise ForkedError(name)
        if name in self._values.held:
            if new := overrides.replaced(self._home):
                self._check_replaced(name, new)
            return self._values.held[name]
        if self._account is None:
            raise NotInThisRunError(name, "belongs to a run that has not started")
        raise self._account.why_not(name)

    def _check_replaced(self, name: str, new: Mapping[str, Definition]) -> None:
        """Refuse what is not what *new*, which counts here, would have made of it."""
        late = (one for one in new if new[one] is not self._replaced.get(one))
        causes = dict.fromkeys(late, "")
        members = self._account.conductor.members if self._account else ()
        # In the order of the plan: what they need comes before them.
        for step in (member.step for member in members):
            for other in step.definition.needs:
                if other in causes:
                    causes.setdefault(step.name, causes[other] or other)
        if name in causes:
            raise OverriddenTooLateError(name, causes[name])

    def value_in(self, state: Mapping[str, Any], name: str) -> Any:
        """Return the value in *state*: a request may have put one of its own there."""
        value = self.value(name)
        key = self._values.key_of(name)
        return value if key is None else state.get(key, value)

    def why_missing(self, key: str) -> str:
        """Say why no state has *key*, if a lifespan of that name has lost its value."""
        account = self._account
        if account is None or key in self._values.held or key not in account:
            return ""
        return str(account.why_not(key))

    def share(self, target: MutableMapping[str, Any]) -> None:
        """Publish in *target* too, the state of a server, as long as the run lasts.

        Raises `StateKeyError`, at the start, for a key that is in it already.
        """
        self.serves = True
        self._values.share(target)

    def check_shared(self, other: Origin) -> None:
        """Raise `StateKeyError` for a key that *other* has taken since."""
        self._values.check_shared(other)

    def copy_state(self) -> dict[str, Any]:
        """Return a copy of what is published or shared, for one request to keep."""
        return self._values.copy()

    def announce_stop(self) -> None:
        """Set `stopping`; from any thread, and in the handler of a signal, too."""
        if self.pid != os.getpid():
            return
        # Where the loop is closed, nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._announce)

    async def wait_started(self) -> None:
        """Wait until the start is over, whether it has succeeded or not."""
        await self._start_over.wait()

    def apply_variables(self) -> None:
        """Set the context variables that lifespans have set in the current context."""
        variables.apply(self.variables, self._base)


def _sorted_out(
    failures: list[Failure],
) -> tuple[list[tuple[Origin, Exception]], BaseException | None]:
    """Tell errors from orders to leave: SystemExit and its like. Return the first."""
    errors = [(who, one) for who, one in failures if isinstance(one, Exception)]
    orders = [one for _, one in failures if not isinstance(one, Exception)]
    return errors, orders[0] if orders else None


def _first(*errors: BaseException | None) -> BaseException | None:
    # Not by or: an exception may be false.
    return next((error for error in errors if error is not None), None)


def _tell(problem: StartupError | ShutdownError, leaving: BaseException) -> None:
    """Log *problem* and note it on *leaving*, which is raised in its place."""
    # Only a failure pays for the import.
    from lifespan_registry._core.failures import extra_of  # noqa: PLC0415

    leaving.add_note(str(problem))
    logger.error("%s", problem, exc_info=problem, extra=extra_of(problem))
