"""One error of each kind, as the page of errors shows it."""

from __future__ import annotations

from typing import Any

from lifespan_registry import Registry, exceptions
from lifespan_registry.exceptions import Origin
from lifespan_registry.servers import known

DB = Origin("db", "shop/lifespans.py", 8)
SEARCH = Origin("search", "shop/lifespans.py", 15)
CACHE = Origin("cache", "core/lifespans.py", 5)

UNKNOWN = exceptions.UnknownLifespanError("databse", "takes 'databse'", SEARCH, [DB])
STATE_KEY = exceptions.StateKeyError("pool", CACHE, DB)
REFUSED = ConnectionRefusedError(111, "Connection refused")

STARTUP = exceptions.StartupError([(DB, REFUSED)])
STARTUP.cleanup = ((CACHE, RuntimeError("not flushed")),)


def _slip() -> str:
    """Return what the decorator says of a function without a yield."""

    async def db() -> None:
        """Have none."""

    wrong: Any = db
    try:
        Registry().on_lifespan(wrong)
    except exceptions.DefinitionError as error:
        return error.slip
    raise AssertionError


EXAMPLES: tuple[exceptions.LifespanError, ...] = (
    exceptions.DefinitionError(DB, _slip()),
    exceptions.ChoiceError("only=", "a lifespan, a name, or several of these", 3),
    exceptions.OverrideError(
        ["db"], "is entered already: each block needs an override() of its own."
    ),
    exceptions.PlanError([UNKNOWN, STATE_KEY]),
    exceptions.CycleError(
        [(DB, "takes 'cache'"), (CACHE, "has after='search'"), (SEARCH, "takes 'db'")]
    ),
    UNKNOWN,
    exceptions.DuplicateNameError("db", [DB, Origin("db", "core/lifespans.py", 21)]),
    exceptions.DisabledError(DB, "takes 'db'", SEARCH, "is disabled by its enabled="),
    STATE_KEY,
    exceptions.EnabledError(DB, KeyError("DATABASE_URL")),
    STARTUP,
    exceptions.StartupTimeoutError(DB, 20.0, "shop/lifespans.py:11"),
    exceptions.NeverYieldedError(DB),
    exceptions.NotAContextManagerError(DB, "None"),
    exceptions.BadStateKeyError(DB, 7),
    exceptions.WasCancelledError(DB, "startup"),
    exceptions.ApplicationError("Starlette", "startup", "no more licences"),
    exceptions.MountError("/", "is the root of all: what is there is default."),
    exceptions.ShutdownError([(DB, RuntimeError("3 connections are still in use"))]),
    exceptions.ShutdownTimeoutError(DB, 10.0, "shop/lifespans.py:13", ignored=True),
    exceptions.YieldedTwiceError(DB),
    exceptions.EndedByItselfError(DB),
    exceptions.RunUsedError(),
    exceptions.CallOnLoopError("fetch"),
    exceptions.CallOutsideRunError("fetch", "they have been stopped"),
    exceptions.CallTimeoutError("fetch", 5.0),
    exceptions.LazyStartError(
        f"1 lifespan failed to start:\n    {DB}: ConnectionRefusedError: {REFUSED}"
    ),
    exceptions.LazyRefusedError("Uvicorn (0.54.0)", known.UVICORN.advice),
    exceptions.PatchedThreadsError("gevent"),
    exceptions.NotStartedError("db"),
    exceptions.ForkedError("db"),
    exceptions.StartingError("db", "waits for 'cache'"),
    exceptions.StartFailedError("db", f"{DB}: OSError: no route to host"),
    exceptions.StoppedError("db", "is being stopped"),
    exceptions.CrashedError("db", "at 03:14:07, of OSError: connection lost"),
    exceptions.OtherEventLoopError("db"),
    exceptions.OverriddenTooLateError("search", "db"),
    exceptions.SeveralRunsError("db", "2 runs"),
    exceptions.NotInThisRunError("db", "is skipped in this run"),
    exceptions.SourceError("db", "a str"),
    exceptions.MissingKeyError("htpp", ["db", "http"]),
)

FAMILIES = (
    exceptions.LifespanError,
    exceptions.UnavailableError,
)
"""Errors that are never raised themselves: what others have in common."""
