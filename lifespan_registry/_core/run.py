"""A run: the lifespans of a registry from one start to one stop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import datetime as dt
import logging
import math
import os
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self

from lifespan_registry._core import variables
from lifespan_registry._core.conductor import Conductor
from lifespan_registry._core.definition import Limits
from lifespan_registry._core.report import LifespanReport, Report, Status
from lifespan_registry._core.state import State
from lifespan_registry._core.values import Values
from lifespan_registry.exceptions import (
    CrashedError,
    NotInThisRunError,
    Origin,
    PlanError,
    RunUsedError,
    ShutdownError,
    StartFailedError,
    StartingError,
    StartupError,
    StoppedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from lifespan_registry._core.graph import Plan
    from lifespan_registry._core.member import Member

logger = logging.getLogger("lifespan_registry")

inside: contextvars.ContextVar[Run] = contextvars.ContextVar("lifespan_registry.inside")
"""The run in whose lifespans, or in whose block, the current code is."""


class Home(Protocol):
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
        log_level: int,
    ) -> None:
        self._make_plan = plan
        self._log_level = log_level
        self._limits = limits
        self._home = home
        self._values = Values(mark, self)
        self._conductor: Conductor | None = None
        self._members: dict[str, Member] = {}
        self._absent: Mapping[str, str] = {}
        self._token: contextvars.Token[Run] | None = None
        self._start_over: asyncio.Event | None = None
        self.variables = variables.NONE
        self.pid = os.getpid()

    @property
    def state(self) -> State:
        """What the lifespans publish, read-only."""
        return State(MappingProxyType(self._values.published))

    @property
    def report(self) -> Report:
        """What has happened so far, lifespan by lifespan."""
        places = tuple(self._members)
        return Report(
            {name: self._describe(one, places) for name, one in self._members.items()}
        )

    @property
    def held(self) -> dict[str, Any]:
        """The values by name, while they are within reach."""
        return self._values.held

    @property
    def is_starting(self) -> bool:
        """Whether the start has begun and is not over yet."""
        return self._conductor is not None and self._conductor.starting

    @property
    def is_around(self) -> bool:
        """Whether the current code is in its lifespans, or in its block."""
        return inside.get(None) is self

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for member in self._members.values():
            counts[member.status.value] = counts.get(member.status.value, 0) + 1
        words = ", ".join(f"{count} {status}" for status, count in counts.items())
        return f"<Run: {words or 'nothing in it'}>"

    # --- enter and exit ------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start all lifespans.

        Raises `PlanError` before anything is entered, and `StartupError` after all that
        was entered has been exited again. SystemExit, KeyboardInterrupt and
        a cancellation are raised as they are, after the same.
        """
        if self._conductor is not None:
            raise RunUsedError
        self.loop = asyncio.get_running_loop()
        self._clock = time.time() - self.loop.time()
        self._base = contextvars.copy_context()
        self._base.run(inside.set, self)
        try:
            plan = self._make_plan()
            self._values.check(plan)
        except PlanError as error:
            self._values.unshare()
            self._home.remove(self, str(error))
            raise
        self._absent = plan.absent
        self._conductor = Conductor(
            plan, self._limits, self._values, self._base, self._log_level
        )
        self._members = {one.step.name: one for one in self._conductor.members}
        self._start_over = asyncio.Event()
        self._home.add(self)
        try:
            seconds = await self._start(self._conductor)
        finally:
            self._start_over.set()
        self._token = inside.set(self)
        self._log("started", seconds)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop all lifespans; raise `ShutdownError` if some of them failed to.

        An error of the block, or a cancellation, goes on instead: the other is logged.
        """
        if self._token is not None:
            # Fixtures, for one, may leave it in another context than they entered it.
            with contextlib.suppress(ValueError):
                inside.reset(self._token)
        if self._conductor is not None:
            await self._stop(self._conductor, error)

    async def _start(self, conductor: Conductor) -> float:
        try:
            seconds = await conductor.start()
        except BaseException as error:  # noqa: BLE001 - raised again when all is unwound
            # Cancelled from outside, while it waited.
            await self._fail(conductor, error)
        if conductor.failures:
            await self._fail(conductor)
        self.variables = variables.merged(one.changes for one in self._members.values())
        self._values.settle()
        return seconds

    async def _stop(self, conductor: Conductor, error: BaseException | None) -> None:
        """Stop because of *error*, which is on its way, or because it is time to."""
        seconds, cancelled = await self._end(conductor)
        errors, orders = _sorted_out(_exit_failures(conductor))
        leaving = error or cancelled or (orders[0] if orders else None)
        problem = ShutdownError(errors) if errors else None
        if leaving is None and problem is None:
            self._log("stopped", seconds)
        if leaving is None:
            if problem is not None:
                raise problem
            return
        if problem is not None:
            leaving.add_note(str(problem))
            logger.error("%s", problem, exc_info=problem)
        if leaving is not error:
            raise leaving

    async def _fail(
        self, conductor: Conductor, error: BaseException | None = None
    ) -> NoReturn:
        """Exit what has been entered, then raise what the start has failed of."""
        _, cancelled = await self._end(conductor)
        errors, orders = _sorted_out(conductor.failures)
        leaving = error or cancelled or (orders[0] if orders else None)
        cleanup = _exit_failures(conductor)
        problem: StartupError | ShutdownError | None = None
        if errors:
            problem = StartupError(errors)
            problem.cleanup = tuple(cleanup)
            if leaving is None:
                raise problem
        elif exit_errors := _sorted_out(cleanup)[0]:
            problem = ShutdownError(exit_errors)
        assert leaving is not None
        if problem is not None:
            leaving.add_note(str(problem))
            logger.error("%s", problem, exc_info=problem)
        raise leaving

    def _log(self, what: str, seconds: float) -> None:
        count = len(self._members)
        text = "%d lifespan %s in %.3f s" if count == 1 else "%d lifespans %s in %.3f s"
        logger.log(self._log_level, text, count, what, seconds)

    async def _end(
        self, conductor: Conductor
    ) -> tuple[float, asyncio.CancelledError | None]:
        result = await conductor.stop()
        self._values.unshare()
        failure = conductor.failures[0] if conductor.failures else None
        self._home.remove(self, _brief(*failure) if failure else None)
        return result

    # --- for the wrapper, and for Lifespan.get() -----------------------------------

    def value(self, name: str) -> Any:
        """Return what lifespan *name* has yielded, or raise why it is not to be had."""
        try:
            return self._values.held[name]
        except KeyError:
            raise self._why_not(name) from None

    def value_in(self, state: Mapping[str, Any], name: str) -> Any:
        """Return the value in *state*: a request may have put one of its own there."""
        value = self.value(name)
        key = self._values.key_of(name)
        return value if key is None else state.get(key, value)

    def share(self, target: MutableMapping[str, Any]) -> None:
        """Publish in *target* too, as long as the run lasts.

        Raises `StateKeyError`, at the start, for a key that is in it already.
        """
        self._values.share(target)

    def copy_state(self) -> dict[str, Any]:
        """Return a copy of what is published or shared, for one request to keep."""
        return self._values.copy()

    async def wait_started(self) -> None:
        """Wait until the start is over, whether it has succeeded or not."""
        if self._start_over is not None:
            await self._start_over.wait()

    def apply_variables(self) -> None:
        """Set the context variables that lifespans have set in the current context."""
        variables.apply(self.variables, self._base)

    def _why_not(self, name: str) -> UnavailableError:
        member, conductor = self._members.get(name), self._conductor
        if conductor is None:
            return NotInThisRunError(name, "belongs to a run that has not started")
        if member is None:
            too_late = "was registered after the run that is up had begun"
            return NotInThisRunError(name, self._absent.get(name, too_late))
        if member.status is Status.CRASHED:
            when = self._moment(member.leave_began)
            of = f", of {type(member.error).__name__}: {member.error}"
            at = f"{when.astimezone():%H:%M:%S}" if when else ""
            return CrashedError(name, f"at {at}{of if member.error else ''}")
        if conductor.failures:
            return StartFailedError(name, _brief(*conductor.failures[0]))
        if conductor.stopping:
            is_over = not conductor.alive
            return StoppedError(
                name, f"{'has been' if is_over else 'is being'} stopped"
            )
        if member.status is Status.STARTING:
            return StartingError(name, "is starting right now")
        waits = [
            repr(conductor.members[other].step.name)
            for other in member.step.waits_for
            if conductor.members[other].status is not Status.STARTED
        ]
        return StartingError(name, f"waits for {', '.join(waits) or 'its turn'}")

    # --- report --------------------------------------------------------------------

    def _moment(self, at: float) -> dt.datetime | None:
        if math.isnan(at):
            return None
        return dt.datetime.fromtimestamp(self._clock + at, dt.UTC)

    def _describe(self, member: Member, places: Sequence[str]) -> LifespanReport:
        def span(start: float, end: float) -> float | None:
            return None if math.isnan(end - start) else end - start

        return LifespanReport(
            name=member.step.name,
            origin=member.origin,
            status=member.status,
            waits_for=tuple(places[other] for other in member.step.waits_for),
            start_began=self._moment(member.began),
            started_at=self._moment(member.started_at),
            startup_seconds=span(member.began, member.started_at),
            stopped_at=self._moment(member.left),
            shutdown_seconds=span(member.leave_began, member.left),
            error=member.error or member.exit_error,
        )


def _brief(origin: Origin, error: BaseException) -> str:
    return f"{origin}: {type(error).__name__}: {error}"


def _exit_failures(conductor: Conductor) -> list[tuple[Origin, BaseException]]:
    """Return what went wrong at exit, the first one first."""
    failures = [
        (one.left, -one.place, one.origin, one.exit_error)
        for one in conductor.members
        if one.exit_error is not None
    ]
    failures.sort(key=lambda failure: failure[:2])
    return [(origin, error) for _, _, origin, error in failures]


def _sorted_out(
    failures: list[tuple[Origin, BaseException]],
) -> tuple[list[tuple[Origin, Exception]], list[BaseException]]:
    """Tell errors from orders to leave: SystemExit and its like."""
    errors = [(who, one) for who, one in failures if isinstance(one, Exception)]
    return errors, [one for _, one in failures if not isinstance(one, Exception)]
