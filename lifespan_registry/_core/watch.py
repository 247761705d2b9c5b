"""Waiting for lifespans: never in silence, and never for ever."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable

REPORT_EVERY = 5.0
"""After how many seconds a slow start or stop says what it waits for, and again."""

BLOCKED = 0.1
"""How many seconds late a timer is when the event loop has been blocked."""


class Watch:
    """Lets one task wait until something has happened, or until something is due.

    What is due is kept by place in the plan: *is_awaited* tells whether a place still
    counts, *overdue* is called with it when its time is up, and *report* every
    `REPORT_EVERY` seconds with the seconds since the beginning.
    """

    def __init__(
        self,
        is_awaited: Callable[[int], bool],
        overdue: Callable[[int], None],
        report: Callable[[float], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_awaited = is_awaited
        self._overdue = overdue
        self._report = report
        self.began = self._loop.time()
        self._next_report = self.began + REPORT_EVERY
        self._due: list[tuple[float, int]] = []
        self._rung = False
        self._wake: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def seconds(self) -> float:
        """How long this has taken so far."""
        return self._loop.time() - self.began

    def expect(self, place: int, seconds: float) -> None:
        """Let *place* be overdue after *seconds*."""
        if not math.isinf(seconds):
            heapq.heappush(self._due, (self._loop.time() + seconds, place))

    def ring(self) -> None:
        """Wake the task that waits: something has happened."""
        self._rung = True
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def pause(self) -> None:
        """Wait for the next ring; see to what is due."""
        if not self._rung:
            while self._due and not self._is_awaited(self._due[0][1]):
                heapq.heappop(self._due)
            self._arm(
                min(self._next_report, self._due[0][0] if self._due else math.inf)
            )
            self._wake = self._loop.create_future()
            await self._wake
        self._rung = False
        now = self._loop.time()
        while self._due and self._due[0][0] <= now:
            due, place = heapq.heappop(self._due)
            if not self._is_awaited(place):
                continue
            if now - due > BLOCKED:
                # Somebody has blocked the loop, which is not the fault of all others:
                # they get the time back.
                heapq.heappush(self._due, (now + (now - due), place))
            else:
                # It is told; that it is waited for as well would be no news.
                self._next_report = now + REPORT_EVERY
                self._overdue(place)
        if now >= self._next_report:
            self._next_report = now + REPORT_EVERY
            self._report(now - self.began)

    def close(self) -> None:
        """Take the timer off the loop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, when: float) -> None:
        # One timer serves them all: one for each lifespan would burden the loop.
        if self._timer is None or self._timer.when() > when:
            self.close()
            self._timer = self._loop.call_at(when, self._alarm)

    def _alarm(self) -> None:
        self._timer = None
        self.ring()
