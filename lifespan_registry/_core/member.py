"""One lifespan of one run: its one task, from enter to exit."""

from __future__ import annotations

import asyncio
import math
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol

from lifespan_registry._core import tasks, variables
from lifespan_registry._core.opening import (
    close_generator,
    is_contextlibs_own,
    opened,
    position,
)
from lifespan_registry._core.report import Status
from lifespan_registry._core.threads import InThread
from lifespan_registry.exceptions import (
    EndedByItselfError,
    NeverYieldedError,
    ShutdownTimeoutError,
    StartupTimeoutError,
    WasCancelledError,
    YieldedTwiceError,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from lifespan_registry._core.plan import Step
    from lifespan_registry._core.values import Values
    from lifespan_registry.exceptions import Origin


class Listener(Protocol):
    """What a member tells the one who conducts the run, and asks there."""

    @property
    def failing(self) -> bool: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def stopping(self) -> bool: ...
    def going_down(self) -> bool: ...
    def started(self, member: Member) -> None: ...
    def failed(self, member: Member, error: BaseException) -> None: ...
    def crashing(self, member: Member) -> None: ...
    def crashed(self, member: Member, error: BaseException) -> None: ...
    def over(self, member: Member) -> None: ...


class Member:
    """One lifespan of one run.

    It is entered and exited in one task, so that task groups, cancel scopes and time
    limits can be held across the yield: each of them belongs to a task.
    """

    __slots__ = (
        "_conductor",
        "_context",
        "_manager",
        "_told",
        "_values",
        "began",
        "changes",
        "error",
        "exit_error",
        "is_launched",
        "is_over",
        "late",
        "leave_began",
        "leaving",
        "left",
        "limit",
        "place",
        "started_at",
        "status",
        "step",
        "task",
    )

    def __init__(
        self, conductor: Listener, values: Values, step: Step, place: int, limit: float
    ) -> None:
        self._conductor = conductor
        self._values = values
        self.step = step
        self.place = place
        self.limit = limit
        self.status = Status.WAITING
        self.is_launched = False
        self.error: BaseException | None = None
        self.exit_error: BaseException | None = None
        self.changes: variables.Changes = variables.NONE
        self.leaving = False
        self.late: ShutdownTimeoutError | None = None
        self.is_over = False
        self.began = self.started_at = self.leave_began = self.left = math.nan
        self._told: asyncio.Future[None] | None = None
        self._manager: AbstractAsyncContextManager[Any] | None = None

    @property
    def origin(self) -> Origin:
        """Where the lifespan is defined."""
        return self.step.definition.origin

    @property
    def at(self) -> str | None:
        """``file:line`` in the user's generator where it waits, if that can be told."""
        return None if self._manager is None else position(self._manager)

    @property
    def in_thread(self) -> bool:
        """Whether it is a sync one that is at work: nothing can interrupt that."""
        return isinstance(self._manager, InThread)

    # --- what the run asks of it ---------------------------------------------------

    def launch(
        self, loop: asyncio.AbstractEventLoop, context: Context, inherited: Any
    ) -> None:
        """Start the task, in *context*."""
        self._context = context
        self.changes = inherited
        life = self._live()
        try:
            task = loop.create_task(
                life, name=f"lifespan {self.step.name}", context=context
            )
        except BaseException:
            life.close()
            raise
        self.task = task
        self.is_launched = True
        # A task that is cancelled before its first step never gets to say so itself.
        task.add_done_callback(self._gone)

    def leave(self) -> None:
        """Ask it to stop; where it has not started yet, cancel it."""
        self.leaving = True
        if self._told is not None:
            if not self._told.done():
                self._told.set_result(None)
        elif (self.status is Status.STARTING or self.error is not None) and not (
            # Who was cancelled together with the run is not cancelled a second time,
            # which would cut off the cleanup.
            self._conductor.cancelled and self.task.cancelling()
        ):
            self.cancel()

    def cancel(self) -> None:
        """Cancel what it is doing."""
        self.task.cancel()

    def hurry(self) -> None:
        """Cancel it: the time for its stop is up."""
        self._is_late()
        self.cancel()

    def give_up(self) -> None:
        """Leave the task behind: it does not react."""
        late = self.late or self._is_late()
        late.ignored = True
        if isinstance(self._manager, InThread):
            self._manager.abandon()
        # Else the end of asyncio.run(), which cancels and awaits every task that is
        # registered, would wait for it for ever.
        tasks.hide(self.task)
        if self.status is not Status.CRASHED or self.error is not None:
            self._finish()
            return
        # What it has crashed of nobody will hear from itself any more.
        self.error = EndedByItselfError(self.origin)
        self._finish()
        self._conductor.crashed(self, self.error)

    def _is_late(self) -> ShutdownTimeoutError:
        self.late = ShutdownTimeoutError(
            self.origin, self.limit, self.at, in_thread=self.in_thread
        )
        # Who has not started in its time has said enough by that.
        if not isinstance(self.error, StartupTimeoutError):
            self.exit_error = self.late
        return self.late

    # --- its life ------------------------------------------------------------------

    async def _live(self) -> None:
        """Enter, stay, exit; let no exception out, for some would stop the loop."""
        loop = asyncio.get_running_loop()
        if self.leaving or self._conductor.failing:
            self._finish()
            return
        self.status = Status.STARTING
        self.began = loop.time()
        before = self._context.copy()
        try:
            manager = self._manager = opened(self.step.definition, self._values.held)
            value = await manager.__aenter__()
        except BaseException as error:  # noqa: BLE001 - kept, and raised by the run
            self._entering_failed(error)
            self._finish()
            return
        self.started_at = loop.time()
        after = manager.context if isinstance(manager, InThread) else self._context
        self.changes = variables.changed(before, after, self.changes, self.place)
        if not self.leaving:
            try:
                self._values.publish(self.step.definition, value)
                self.status = Status.STARTED
                self._conductor.started(self)
            except BaseException as error:  # noqa: BLE001 - a mapping of the user's own
                self.fail(error)
        del value
        ended = await self._stay(loop)
        self.leave_began = loop.time()
        if ended is not None:
            self.status = Status.CRASHED
            self._conductor.crashing(self)
        self._values.withdraw(self.step.name)
        if ended is None:
            await self._exit(manager)
        else:
            await self._exit_after(ended, manager)
        self._finish()

    async def _stay(
        self, loop: asyncio.AbstractEventLoop
    ) -> asyncio.CancelledError | None:
        """Wait to be told to leave; return the cancellation by which it ends itself."""
        held: asyncio.CancelledError | None = None
        while not self.leaving:
            told = self._told = loop.create_future()
            timer = None
            if held is not None and not math.isinf(self.limit):
                timer = loop.call_later(self.limit, _ring, told)
            try:
                await told
            except asyncio.CancelledError as error:
                if not self._conductor.going_down():
                    # A child of its task group has failed, or a time limit is over.
                    return error
                # Everything on this loop is being cancelled at once: wait for the turn.
                self.task.uncancel()
                held = error
            else:
                if not self._conductor.stopping:
                    # The turn does not come: the cancellation was for this one alone.
                    return held
            finally:
                if timer is not None:
                    timer.cancel()
        return None

    async def _exit(self, manager: AbstractAsyncContextManager[Any]) -> None:
        """Exit in its turn, on its own terms: no error of another one is thrown in."""
        if self.error is None:
            self.status = Status.STOPPING
        try:
            await manager.__aexit__(None, None, None)
        except asyncio.CancelledError as error:
            if not self.late:
                self._note_exit(WasCancelledError(self.origin, "shutdown"), error)
        except BaseException as error:  # noqa: BLE001 - kept, and raised by the run
            if is_contextlibs_own(error, __name__):
                await close_generator(manager)
                error = YieldedTwiceError(self.origin)
            self._note_exit(error)

    async def _exit_after(
        self, ended: BaseException, manager: AbstractAsyncContextManager[Any]
    ) -> None:
        """Exit because of *ended*, which goes in where the lifespan stands."""
        deadline = asyncio.timeout(None if math.isinf(self.limit) else self.limit)
        try:
            async with deadline:
                await manager.__aexit__(type(ended), ended, ended.__traceback__)
        except asyncio.CancelledError:
            self.error = EndedByItselfError(self.origin)
        except BaseException as error:  # noqa: BLE001 - kept, logged and reported
            self.error = error
            if deadline.expired():
                self.error = ShutdownTimeoutError(self.origin, self.limit, self.at)
                self.error.__cause__ = error
            elif is_contextlibs_own(error, __name__):
                await close_generator(manager)
                self.error = YieldedTwiceError(self.origin)
        else:
            self.error = EndedByItselfError(self.origin)
        if not self.is_over:
            # Else it had been given up, and that has been told.
            self._finish()
            self._conductor.crashed(self, self.error)

    # --- how it ends ---------------------------------------------------------------

    def _entering_failed(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            if self.leaving or self._conductor.going_down():
                # Cancelled because the run goes down, which tells the reason itself.
                if self.error is None:
                    self.status = Status.STOPPED
            else:
                self.fail(WasCancelledError(self.origin, "startup"), error)
        elif self.leaving:
            self._note_exit(error)
        elif is_contextlibs_own(error, __name__):
            self.fail(NeverYieldedError(self.origin))
        else:
            self.fail(error)

    def fail(self, error: BaseException, cause: BaseException | None = None) -> None:
        """Note that it could not start."""
        if cause is not None:
            error.__cause__ = cause
        self.error = error
        self.status = Status.FAILED
        self._conductor.failed(self, error)

    def _note_exit(
        self, error: BaseException, cause: BaseException | None = None
    ) -> None:
        if self.late is not None:
            # The time was up: that is the first cause.
            self.late.__cause__ = error
            return
        if cause is not None:
            error.__cause__ = cause
        self.exit_error = error

    def _finish(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self.status in (Status.STOPPING, Status.STARTED):
            self.status = Status.STOPPED
        self._manager = None
        self.left = asyncio.get_running_loop().time()
        self._conductor.over(self)

    def _gone(self, task: asyncio.Task[None]) -> None:
        """See to a task that could not say itself that it has ended."""
        if self.is_over:
            return
        if not self._conductor.going_down():
            own = None if task.cancelled() else task.exception()
            self.fail(WasCancelledError(self.origin, "startup") if own is None else own)
        self._finish()


def _ring(told: asyncio.Future[None]) -> None:
    # In the same step of the loop, another one may have been first.
    if not told.done():
        told.set_result(None)
