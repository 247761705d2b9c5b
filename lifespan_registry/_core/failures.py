"""How a failed start or stop is told where nobody can catch it."""

from __future__ import annotations

import logging

from lifespan_registry.exceptions import (
    LifespanError,
    PlanError,
    ShutdownError,
    StartupError,
    brief,
)

logger = logging.getLogger("lifespan_registry")


def message_of(error: BaseException) -> str:
    """Say what *error* is, whoever has raised it."""
    return str(error) if isinstance(error, LifespanError) else brief(error)


def log_failure(error: BaseException) -> None:
    """Log *error* with its traceback: servers show the message at most."""
    # What is wrong with a plan is in the message, and nowhere in a traceback.
    trace = None if isinstance(error, PlanError) else error
    logger.error("%s", message_of(error), exc_info=trace, extra=extra_of(error))
    if isinstance(error, StartupError):
        for origin, problem in error.cleanup:
            extra = {"phase": "stop", "lifespan": origin.name}
            text = "while cleaning up: %s"
            logger.error(text, origin, exc_info=problem, extra=extra)


def extra_of(error: BaseException) -> dict[str, object]:
    """Return the extras of a record about *error*: `failed` has the names."""
    if not isinstance(error, StartupError | ShutdownError):
        return {}
    phase = "start" if isinstance(error, StartupError) else "stop"
    return {"phase": phase, "failed": tuple(one.name for one in error.origins)}
