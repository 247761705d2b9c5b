"""What is logged of a run: a line for each lifespan, and one for them all.

Records have extras, for who reads logs by machine: `phase` ("start", "stop" or
"crash"), `lifespan`, the name of the one that it is about, `seconds`, and others.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.report import Status

if TYPE_CHECKING:
    from lifespan_registry._core.member import Member

logger = logging.getLogger("lifespan_registry")


class Log:
    """Tells what happens in one run; what goes well at *level*.

    A handler that raises fails a start. It ends no stop before its time: there, that is
    an error of the lifespan that is told of.
    """

    def __init__(self, level: int) -> None:
        self._level = level

    def started(self, member: Member) -> None:
        """Tell that *member* has started."""
        name, seconds = member.step.name, member.started_at - member.began
        extra = {"phase": "start", "lifespan": name, "seconds": seconds}
        logger.log(self._level, "started %s in %.3f s", name, seconds, extra=extra)

    def all_started(
        self, count: int, seconds: float | None, critical_path: tuple[str, ...]
    ) -> None:
        """Tell that all have started; `count` and `critical_path` are extras."""
        text = f"%d {_lifespans(count)} started in %.3f s"
        args: list[object] = [count, seconds]
        if len(critical_path) > 1:
            text += ", critical path %s"
            args.append(" → ".join(critical_path))
        extra: dict[str, Any] = {"phase": "start", "count": count, "seconds": seconds}
        extra["critical_path"] = critical_path
        logger.log(self._level, text, *args, extra=extra)

    def all_stopped(self, count: int, seconds: float | None) -> None:
        """Tell that all have stopped; `count` is an extra."""
        text = f"%d {_lifespans(count)} stopped in %.3f s"
        extra = {"phase": "stop", "count": count, "seconds": seconds}
        logger.log(self._level, text, count, seconds, extra=extra)

    def over(self, member: Member) -> None:
        """Tell that *member* has been stopped, unless it has ended in another way."""
        if member.status is not Status.STOPPED:
            return
        text, phase, began = "stopped %s in %.3f s", "stop", member.leave_began
        if math.isnan(began):
            text, phase = "called off the start of %s after %.3f s", "start"
            began = member.began
        name, seconds = member.step.name, member.left - began
        extra = {"phase": phase, "lifespan": name, "seconds": seconds}
        _log(member, self._level, text, name, seconds, extra=extra)

    def crashing(self, member: Member) -> None:
        """Tell that *member* ends by itself; `seconds` is how long it was up.

        Of what, is known only when its cleanup is over: `crashed()` tells that.
        """
        text = (
            "lifespan %s ends by itself, %.1f s after its start. Its value is out of "
            "reach from now on. Its traceback follows when its cleanup is over"
        )
        args: list[object] = [member.origin, seconds := _up(member)]
        if not math.isinf(member.limit):
            text += ", in %.1f s at most"
            args.append(member.limit)
        extra = {"phase": "crash", "lifespan": member.step.name, "seconds": seconds}
        _log(member, logging.WARNING, text, *args, extra=extra)

    def crashed(self, member: Member, error: BaseException) -> None:
        """Tell of what *member* has ended; `seconds` is how long it was up."""
        text = (
            "lifespan %s crashed %.1f s after its start. Its value is out of reach "
            "from now on; the other lifespans stay up."
        )
        seconds = _up(member)
        extra = {"phase": "crash", "lifespan": member.step.name, "seconds": seconds}
        args = member.origin, seconds
        _log(member, logging.ERROR, text, *args, extra=extra, exc_info=error)

    def slow(
        self, phase: str, seconds: float, busy: Sequence[Member], blamed: Member | None
    ) -> None:
        """Name the *busy* ones, which are waited for; `waits_for` is an extra.

        Where a handler raises, that is an error of the one that is *blamed*, if any.
        """
        text = "the %s of the lifespans has taken %.1f s so far; it waits for:%s"
        names = "".join(
            f"\n    {one.origin}" + (f", now at {one.at}" if one.at else "")
            for one in busy
        )
        extra = {"phase": phase, "seconds": seconds}
        extra |= {"waits_for": tuple(one.step.name for one in busy)}
        _log(blamed, logging.WARNING, text, phase, seconds, names, extra=extra)

    def start_overdue(self, member: Member) -> None:
        """Tell that the time for the start of *member* is up."""
        text = "%s takes too long to start: giving up the start"
        extra = {"phase": "start", "lifespan": member.step.name}
        logger.error(text, member.origin, extra=extra)

    def stop_overdue(self, member: Member) -> None:
        """Tell that the time for the stop of *member* is up."""
        text = "%s takes too long to stop: cancelling it"
        extra = {"phase": "stop", "lifespan": member.step.name}
        _log(member, logging.ERROR, text, member.origin, extra=extra)

    def given_up(self, member: Member) -> None:
        """Tell that *member* is left behind."""
        why = (
            "its thread cannot be interrupted"
            if member.in_thread
            else "it ignores its cancellation"
        )
        text = "%s is given up, and left behind: %s"
        extra = {"phase": "stop", "lifespan": member.step.name}
        _log(member, logging.ERROR, text, member.origin, why, extra=extra)


def _up(member: Member) -> float:
    return member.leave_began - member.started_at


def _lifespans(count: int) -> str:
    return "lifespan" if count == 1 else "lifespans"


def _log(
    blamed: Member | None,
    level: int,
    text: str,
    *args: object,
    extra: dict[str, Any],
    exc_info: Any = None,
) -> None:
    """Log *text*; where a handler raises, that is an error of *blamed* at its exit."""
    try:
        logger.log(level, text, *args, extra=extra, exc_info=exc_info)
    except BaseException as error:
        if blamed is None:
            raise
        own = blamed.exit_error
        blamed.exit_error = error if own is None else own
