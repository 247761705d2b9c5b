"""Who starts now, and who stops now."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING

from lifespan_registry._core import variables
from lifespan_registry._core.definition import Limits
from lifespan_registry._core.member import Member
from lifespan_registry._core.report import Status
from lifespan_registry._core.watch import Watch
from lifespan_registry.exceptions import StartupTimeoutError

if TYPE_CHECKING:
    from lifespan_registry._core.log import Log
    from lifespan_registry._core.plan import Plan
    from lifespan_registry._core.values import Values
    from lifespan_registry.exceptions import Origin

GRACE = 1.0
"""How many seconds a cancelled exit gets before it is left behind."""


class Conductor:
    """Starts the lifespans of a plan as early as possible, and stops them in reverse.

    `start()` and `stop()` run in the task that enters and leaves the run; each lifespan
    lives in a task of its own, and tells when it has moved on. No task is created to
    wait for them, and none is awaited by `gather`, which would lose track of them.
    *crashed* is called with the name of one that has ended while it was to stay up.
    """

    def __init__(
        self,
        plan: Plan,
        limits: Limits,
        values: Values,
        base: Context,
        *,
        log: Log,
        crashed: Callable[[str], None],
    ) -> None:
        self.members = [
            Member(self, values, step, place, step.shutdown_limit(limits.shutdown))
            for place, step in enumerate(plan)
        ]
        self.failures: list[tuple[Origin, BaseException]] = []
        self._crashing: set[Member] = set()
        self.starting = True
        self.stopping = False
        self.started_in: float | None = None
        self.stopped_in: float | None = None
        self.limits = limits
        self._base = base
        self._log = log
        self._tell_crash = crashed
        self._loop = asyncio.get_running_loop()
        # The task in which the run is entered. It is None under run_in_executor and
        # the like, and that the run is then cancelled with it is nobody's wish.
        self._owner = asyncio.current_task()
        self._cancelled_before = self._owner.cancelling() if self._owner else 0
        self._missing = [len(one.step.waits_for) for one in self.members]
        self._free = deque(one for one in self.members if not one.step.waits_for)
        self._leaving: list[int] = []
        self._to_start = len(self.members)
        self.alive = 0
        self._watch = Watch(self._is_starting, self._start_overdue, self._report)
        self.start_began = self._watch.began
        self.stop_began = math.nan

    async def start(self) -> None:
        """Start each one as soon as all that it waits for have started.

        `started_in` is how many seconds it took. Comes back early when one has failed;
        what it failed of is in `failures`.
        """
        try:
            while self._to_start and not self.failing:
                while self._free and not self.failing:
                    self._launch(self._free.popleft())
                await self._watch.pause()
        finally:
            self.starting = False
            self._watch.close()
        if not self.failing:
            self.started_in = self._watch.seconds

    def _launch(self, member: Member) -> None:
        inherited = variables.merged(
            self.members[other].changes for other in member.step.waits_for
        )
        context = self._base.copy()
        if inherited:
            context.run(variables.apply, inherited, self._base)
        self.alive += 1
        self._watch.expect(member.place, member.step.startup_limit(self.limits.startup))
        try:
            member.launch(self._loop, context, inherited)
        except BaseException:
            # The loop's own task factory has refused.
            self.alive -= 1
            raise

    async def stop(self) -> asyncio.CancelledError | None:
        """Exit each one as soon as all that have waited for it have been exited.

        `stopped_in` is how many seconds it took. Nothing ends this before its time;
        where this task was cancelled meanwhile, that cancellation is returned, to be
        raised.
        """
        self.stopping = True
        self._watch = Watch(self._is_stopping, self._stop_overdue, self._report)
        self.stop_began = self._watch.began
        alive = [one for one in self.members if one.is_launched and not one.is_over]
        self._missing = [0] * len(self.members)
        for member in alive:
            for other in member.step.waits_for:
                self._missing[other] += 1
        self._leaving = [-one.place for one in alive if not self._missing[one.place]]
        heapq.heapify(self._leaving)
        cancelled: asyncio.CancelledError | None = None
        while self.alive:
            try:
                if self._leaving:
                    member = self.members[-heapq.heappop(self._leaving)]
                    self._watch.expect(member.place, _patience(member))
                    member.leave()
                    # One step: the exit of one that never suspends is over before the
                    # next one begins, and its place in the reversed order is exact.
                    await asyncio.sleep(0)
                else:
                    await self._watch.pause()
            except asyncio.CancelledError as error:
                cancelled = error
        self._watch.close()
        self.stopped_in = self._watch.seconds
        return cancelled

    # --- what members tell and ask -------------------------------------------------

    @property
    def failing(self) -> bool:
        """Whether a lifespan has failed to start, so that no other one shall."""
        return bool(self.failures or self._crashing)

    @property
    def cancelled(self) -> bool:
        """Whether the task that has entered the run was cancelled since then."""
        return (
            self._owner is not None
            and not self._owner.done()
            and self._owner.cancelling() > self._cancelled_before
        )

    def going_down(self) -> bool:
        """Tell whether the whole run is ending, by its stop or by a cancellation."""
        return self.stopping or self.cancelled

    def started(self, member: Member) -> None:
        """Set those free that have waited for *member*."""
        self._to_start -= 1
        self._log.started(member)
        for other in member.step.followed_by:
            self._missing[other] -= 1
            if not self._missing[other]:
                self._free.append(self.members[other])
        self._watch.ring()

    def failed(self, member: Member, error: BaseException) -> None:
        """Note what the start fails of."""
        self.failures.append((member.origin, error))
        self._watch.ring()

    def crashing(self, member: Member) -> None:
        """Note that *member* ends by itself; nobody starts any more."""
        if self.starting:
            self._crashing.add(member)
            self._watch.ring()
        else:
            self._log.crashing(member)

    def crashed(self, member: Member, error: BaseException) -> None:
        """Report a lifespan that has ended while it was to stay up."""
        if member in self._crashing:
            self.failed(member, error)
            return
        self._log.crashed(member, error)
        self._tell_crash(member.step.name)

    def over(self, member: Member) -> None:
        """Set those free whose exit has waited for the one of *member*."""
        self.alive -= 1
        if self.stopping:
            for other in member.step.waits_for:
                self._missing[other] -= 1
                if not self._missing[other] and not self.members[other].is_over:
                    heapq.heappush(self._leaving, -other)
        self._watch.ring()
        if self.stopping:
            self._log.over(member)

    # --- what the watch asks -------------------------------------------------------

    def _is_starting(self, place: int) -> bool:
        return self.members[place].status in (Status.WAITING, Status.STARTING)

    def _start_overdue(self, place: int) -> None:
        member = self.members[place]
        limit = member.step.startup_limit(self.limits.startup)
        self._log.start_overdue(member)
        member.fail(StartupTimeoutError(member.origin, limit, member.at))

    def _is_stopping(self, place: int) -> bool:
        return not self.members[place].is_over

    def _stop_overdue(self, place: int) -> None:
        member = self.members[place]
        if member.late is None and not member.in_thread:
            self._log.stop_overdue(member)
            member.hurry()
            self._watch.expect(place, GRACE)
            return
        self._log.given_up(member)
        member.give_up()

    def _report(self, seconds: float) -> None:
        """Name those that the start or the stop is waiting for."""
        busy = [
            one
            for one in self.members
            if not one.is_over
            and (one.leaving if self.stopping else one.status is Status.STARTING)
        ]
        if self.stopping:
            # Not even a log handler that raises ends the stop before its time.
            self._log.slow("stop", seconds, busy, (busy or self.members)[0])
        else:
            self._log.slow("start", seconds, busy, None)


def _patience(member: Member) -> float:
    """Return how many seconds the stop of *member* may take."""
    if member.in_thread and isinstance(member.error, StartupTimeoutError):
        # It has had its time, and a thread cannot be told to hurry.
        return GRACE
    return member.limit
