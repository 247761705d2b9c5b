"""Every error renders, pickles and copies; those that are groups split."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifespan_registry import exceptions
from lifespan_registry.exceptions import (
    ApplicationError,
    BadStateKeyError,
    CallOnLoopError,
    CallOutsideRunError,
    CallTimeoutError,
    ChoiceError,
    CrashedError,
    CycleError,
    DefinitionError,
    DisabledError,
    DuplicateNameError,
    EnabledError,
    EndedByItselfError,
    ForkedError,
    LazyRefusedError,
    LazyStartError,
    LifespanError,
    MissingKeyError,
    MountError,
    NeverYieldedError,
    NotAContextManagerError,
    NotInThisRunError,
    NotStartedError,
    Origin,
    OtherEventLoopError,
    OverriddenTooLateError,
    OverrideError,
    PatchedThreadsError,
    PlanError,
    RunUsedError,
    SeveralRunsError,
    ShutdownError,
    ShutdownTimeoutError,
    SourceError,
    StartFailedError,
    StartingError,
    StartupError,
    StartupTimeoutError,
    StateKeyError,
    StoppedError,
    UnavailableError,
    UnknownLifespanError,
    WasCancelledError,
    YieldedTwiceError,
)

DB = Origin("db", "shop/lifespans.py", 10)
CACHE = Origin("cache", "shop/lifespans.py", 20)


def startup_error() -> StartupError:
    error = StartupError([(DB, ValueError("no")), (CACHE, NeverYieldedError(CACHE))])
    error.cleanup = ((DB, KeyError("gone")),)
    return error


EXAMPLES: list[tuple[LifespanError, str]] = [
    (
        ApplicationError("Starlette", "startup", "no"),
        "(Starlette) failed at its startup",
    ),
    (ApplicationError("Starlette", "shutdown", ""), ", and did not say why."),
    (BadStateKeyError(DB, 3), "yielded a mapping with the key 3."),
    (CallOnLoopError("fetch"), "call(fetch) would wait for ever"),
    (CallOutsideRunError("fetch", "it was"), "loop of the lifespans: it was."),
    (CallTimeoutError("fetch", 1.5), "fetch has not ended within 1.5 s"),
    (CrashedError("db", "at 12:00"), "it crashed at 12:00."),
    (CycleError([(DB, "takes 'db'")]), "waits for itself: it takes 'db'."),
    (CycleError([(DB, "a"), (CACHE, "b")]), "these 2 lifespans wait for one another"),
    (ChoiceError("only=", "a name", 3), "only= takes a name; it was given 3."),
    (DefinitionError(DB, "is wrong."), "'db' (shop/lifespans.py:10) is wrong."),
    (MountError("/", "is the root."), "the path '/' is the root."),
    (
        DisabledError(DB, "takes 'db'", CACHE, "is off"),
        "(shop/lifespans.py:10) is off.",
    ),
    (DisabledError(DB, "only= names it", None, "is off"), "only= names it, but 'db'"),
    (DuplicateNameError("db", [DB, CACHE]), "the name 'db' is taken by more than one"),
    (EnabledError(DB, ValueError()), "raised ValueError\n"),
    (EndedByItselfError(DB), "ended by itself, without an error"),
    (ForkedError("db"), "that of the process that this one was forked from."),
    (LazyRefusedError("Uvicorn", "Do."), "It is Uvicorn. Do."),
    (LazyStartError("no route"), "by a request has failed: no route"),
    (LifespanError("whatever"), "whatever"),
    (LifespanError(), ""),
    (MissingKeyError("db", ["dbs"]), "the state has no 'db'. Did you mean 'dbs'?"),
    (
        MissingKeyError("db", ["dbs"], "it crashed"),
        "the state has no 'db': it crashed",
    ),
    (NeverYieldedError(DB), "returned without a yield."),
    (NotAContextManagerError(DB, "None"), "returned None, which is no context manager"),
    (NotInThisRunError("db", "is skipped"), "has no value: it is skipped."),
    (NotStartedError("db"), "no lifespans have been started in this process."),
    (OtherEventLoopError("db"), "was started in another event loop"),
    (OverriddenTooLateError("db"), "'db' is replaced by override() here, but the run"),
    (
        OverriddenTooLateError("search", "db"),
        "'search' needs 'db', which is replaced by override() here, but the run",
    ),
    (OverrideError(["db"], "is wrong."), "override() of 'db' is wrong."),
    (
        PlanError([CycleError([(DB, "takes 'db'")])]),
        "the lifespans cannot be started:\n\n'db' (shop/lifespans.py:10) waits",
    ),
    (PatchedThreadsError("eventlet"), "without eventlet's monkey-patching, or serve"),
    (RunUsedError(), "this run has been entered before."),
    (SeveralRunsError("db", "2 runs"), "has several values here: 2 runs are up."),
    (
        ShutdownError([(DB, ValueError("no"))]),
        "1 lifespan failed to stop:\n    'db' (shop/lifespans.py:10): ValueError: no",
    ),
    (
        ShutdownTimeoutError(DB, 1.5, "shop/lifespans.py:12"),
        (
            "stopped within 1.5 s (it is at shop/lifespans.py:12).\n"
            "It was cancelled (does it wait for a task that never ends?). Allow it"
        ),
    ),
    (
        ShutdownTimeoutError(DB, 2.0, None, ignored=True),
        "within 2 s.\nIt was cancelled, did not react, and has been left behind.",
    ),
    (
        ShutdownTimeoutError(DB, 2.0, None, ignored=True, in_thread=True),
        "within 2 s.\nIts thread, which nothing can interrupt, has been left behind.",
    ),
    (SourceError("db", "42"), "it was given 42.\nA method of the value"),
    (StartFailedError("db", "of it"), "the start failed. of it"),
    (
        StartingError("db", "waits for 'cache'"),
        "has no value yet: it waits for 'cache'.",
    ),
    (
        startup_error(),
        (
            "2 lifespans failed to start:\n"
            "    'db' (shop/lifespans.py:10): ValueError: no\n"
            "    NeverYieldedError: 'cache' (shop/lifespans.py:20) returned without"
        ),
    ),
    (
        startup_error(),
        (
            "\nThen, while those that had started were stopped:\n"
            "    'db' (shop/lifespans.py:10): KeyError: 'gone'"
        ),
    ),
    (StartupTimeoutError(DB, 3.0, None), "has not started within 3 s.\n"),
    (
        StartupTimeoutError(DB, 3.0, "shop/lifespans.py:12"),
        "has not started within 3 s (it is at shop/lifespans.py:12).\n",
    ),
    (
        StateKeyError("key", DB, CACHE),
        "is taken already, by 'cache' (shop/lifespans.py:20)",
    ),
    (StateKeyError("key", DB, None), 'by scope["state"] itself'),
    (StoppedError("db", "has been stopped"), "it has been stopped.\nThis code runs"),
    (StoppedError("db", "is being stopped"), "it is being stopped.\nCode that runs"),
    (UnavailableError("db", "why"), "db"),
    (
        UnknownLifespanError("db", "requires 'db'", CACHE, [DB]),
        "'cache' (shop/lifespans.py:20) requires 'db', but no lifespan is registered",
    ),
    (UnknownLifespanError("db", "skip= names it", None, []), "skip= names it, but no"),
    (WasCancelledError(DB, "startup"), "was cancelled during its startup"),
    (YieldedTwiceError(DB), "has yielded a second time."),
]


def test_every_class_has_an_example() -> None:
    """All errors are public, named in ``__all__``, and tried here."""
    classes = {
        name
        for name, one in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(one, Exception) and not name.startswith("_")
    }
    assert sorted(classes | {"Origin"}) == exceptions.__all__
    assert {type(error).__name__ for error, _ in EXAMPLES} == classes
    assert all(issubclass(getattr(exceptions, name), LifespanError) for name in classes)


def pickled(error: LifespanError) -> Any:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("remake", [copy.copy, pickled])
@pytest.mark.parametrize(("error", "words"), EXAMPLES)
def test_text_survives(
    error: LifespanError, words: str, remake: Callable[[LifespanError], Any]
) -> None:
    """An error says its words, and no repr; its copy says the same."""
    assert words in str(error)
    assert "Origin(" not in str(error)
    assert type(error).__name__ not in str(error)
    again = remake(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__.keys() == error.__dict__.keys()


def test_place_of_an_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file below the working directory is named from there, others in full."""
    below = Origin("db", str(tmp_path / "shop" / "lifespans.py"), 3)
    beside = Origin("db", str(tmp_path.parent / "lifespans.py"), 4)
    monkeypatch.chdir(tmp_path)
    assert below.where == str(Path("shop", "lifespans.py:3"))
    assert str(below) == f"'db' ({below.where})"
    assert beside.where == f"{beside.file}:4"


@pytest.mark.skipif(sys.platform == "win32", reason="it cannot be deleted there")
def test_place_without_a_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place can be named where the working directory has been deleted."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert DB.where == "shop/lifespans.py:10"
