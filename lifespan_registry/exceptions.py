"""Every error of the package: data in, a message that teaches out.

Each one is a record: what it is about is in its attributes, and ``str()`` draws
the message from them. Lifespans appear in them as an `Origin`, which says where in
the user's code the lifespan was defined.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self, cast

__all__ = [
    "ApplicationError",
    "BadStateKeyError",
    "CallOnLoopError",
    "CallOutsideRunError",
    "CallTimeoutError",
    "ChoiceError",
    "CrashedError",
    "CycleError",
    "DefinitionError",
    "DisabledError",
    "DuplicateNameError",
    "EnabledError",
    "EndedByItselfError",
    "ForkedError",
    "LazyRefusedError",
    "LazyStartError",
    "LifespanError",
    "MissingKeyError",
    "MountError",
    "NeverYieldedError",
    "NotAContextManagerError",
    "NotInThisRunError",
    "NotStartedError",
    "Origin",
    "OtherEventLoopError",
    "OverriddenTooLateError",
    "OverrideError",
    "PatchedThreadsError",
    "PlanError",
    "RunUsedError",
    "SeveralRunsError",
    "ShutdownError",
    "ShutdownTimeoutError",
    "SourceError",
    "StartFailedError",
    "StartingError",
    "StartupError",
    "StartupTimeoutError",
    "StateKeyError",
    "StoppedError",
    "UnavailableError",
    "UnknownLifespanError",
    "WasCancelledError",
    "YieldedTwiceError",
]


class Origin(NamedTuple):
    """Where a lifespan comes from: its name, and the user's file and line."""

    name: str
    file: str
    line: int

    @property
    def where(self) -> str:
        """``file:line``, relative to the working directory where it lies below it."""
        file = self.file
        try:
            relative = os.path.relpath(file)
        except (ValueError, OSError):
            # Another drive on Windows, or a working directory that has been deleted.
            relative = file
        if not relative.startswith(os.pardir):
            file = relative
        return f"{file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.name!r} ({self.where})"


class LifespanError(Exception):
    """The base of every error that this package raises."""

    def __str__(self) -> str:
        return self.explain()

    def explain(self) -> str:
        """Say what happened, where, and what to do about it."""
        return str(self.args[0]) if self.args else ""


# --- Errors of what is written: the decorator, override() ---------------------------


class DefinitionError(LifespanError, TypeError):
    """Raised by ``@on_lifespan`` for what cannot be a lifespan, or a bad option."""

    def __init__(self, origin: Origin, slip: str) -> None:
        super().__init__(origin, slip)
        self.origin = origin
        self.slip = slip

    def explain(self) -> str:
        return f"{self.origin} {self.slip}"


class ChoiceError(LifespanError, TypeError):
    """An option of a run, or ``override()``, was given what it does not take."""

    def __init__(self, option: str, takes: str, given: object) -> None:
        super().__init__(option, takes, given)
        self.option = option
        self.takes = takes
        self.given = given

    def explain(self) -> str:
        return f"{self.option} takes {self.takes}; it was given {self.given!r}."


class OverrideError(LifespanError, TypeError):
    """``override()`` of the lifespans `names` is used in a way that cannot work."""

    def __init__(self, names: Iterable[str], slip: str) -> None:
        super().__init__(tuple(names), slip)
        self.names = tuple(names)
        self.slip = slip

    def explain(self) -> str:
        names = ", ".join(map(repr, self.names)) or "nothing"
        return f"override() of {names} {self.slip}"


# --- Errors of the plan: all of them are found before anything is entered ----------


class CycleError(LifespanError):
    """Lifespans that wait for one another in a circle.

    `links` has one entry a lifespan: who waits, and in which words for the next one;
    the last one waits for the first.
    """

    def __init__(self, links: Sequence[tuple[Origin, str]]) -> None:
        super().__init__(tuple(links))
        self.links = tuple(links)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The lifespans of the circle, each waiting for the one after it."""
        return tuple(origin for origin, _ in self.links)

    def explain(self) -> str:
        if len(self.links) == 1:
            ((origin, wish),) = self.links
            return (
                f"{origin} waits for itself: it {wish}.\n"
                "Rename the parameter, or take its own name out of the option."
            )
        says = [f"{origin.name!r} {wish}" for origin, wish in self.links]
        width = max(map(len, says))
        rows = [
            f"{say.ljust(width)}   {origin.where}"
            for say, origin in zip(says, self.origins, strict=True)
        ]
        arms = ["╭─> ", *["│   "] * (len(rows) - 2), "╰── "]
        drawing = "\n".join(
            f"    {arm}{row}" for arm, row in zip(arms, rows, strict=True)
        )
        return (
            f"these {len(rows)} lifespans wait for one another, so that none can "
            f"start:\n\n{drawing}\n\nRemove one of these dependencies."
        )


class UnknownLifespanError(LifespanError):
    """A lifespan asks for another one that nobody has registered.

    `origin` is who asks, or None where ``only=`` or ``skip=`` of a run does; `how` is
    the way in which it asks; `close` are the registered ones with a similar name.
    """

    def __init__(
        self, missing: str, how: str, origin: Origin | None, close: Sequence[Origin]
    ) -> None:
        super().__init__(missing, how, origin, tuple(close))
        self.missing = missing
        self.how = how
        self.origin = origin
        self.close = tuple(close)

    def explain(self) -> str:
        who = f"{self.origin} {self.how}" if self.origin else self.how
        text = f"{who}, but no lifespan is registered under the name {self.missing!r}."
        if self.close:
            text += f"\nDid you mean {_either(map(str, self.close))}?\nIs"
        else:
            text += "\nDoes it have @on_lifespan, and is"
        return text + (
            " the module that defines it imported? Of each app in INSTALLED_APPS, "
            "the module 'lifespans' is, by django.setup()."
        )


class DuplicateNameError(LifespanError):
    """Two different functions are registered under one name."""

    def __init__(self, name: str, origins: Sequence[Origin]) -> None:
        super().__init__(name, tuple(origins))
        self.name = name
        self.origins = tuple(origins)

    def explain(self) -> str:
        places = "".join(f"\n    {origin.where}" for origin in self.origins)
        return (
            f"the name {self.name!r} is taken by more than one lifespan:\n{places}\n\n"
            "Rename one of them, or give it another name with "
            "@on_lifespan(name=...)."
        )


class DisabledError(LifespanError):
    """A lifespan needs another one that does not take part in this run.

    `reason` tells why: its ``enabled=`` says no, or the run was told to skip it.
    """

    def __init__(
        self, needed: Origin, how: str, origin: Origin | None, reason: str
    ) -> None:
        super().__init__(needed, how, origin, reason)
        self.needed = needed
        self.how = how
        self.origin = origin
        self.reason = reason

    def explain(self) -> str:
        who = f"{self.origin} {self.how}" if self.origin else self.how
        text = f"{who}, but {self.needed} {self.reason}."
        if self.origin is None:
            return text
        return text + (
            "\nDisable both, or let it do without: a parameter with a default is only "
            "filled where the other one runs."
        )


class EnabledError(LifespanError):
    """The callable given as ``enabled=`` raised; `error` is what it raised."""

    def __init__(self, origin: Origin, error: Exception) -> None:
        super().__init__(origin, error)
        self.origin = origin
        self.error = error
        self.__cause__ = error

    def explain(self) -> str:
        return (
            f"enabled= of {self.origin} raised {brief(self.error)}\n"
            "It is called when a run starts, and by manage.py check: let it return "
            "True or False."
        )


class StateKeyError(LifespanError):
    """One state key has two owners.

    `other` is the other lifespan, or None where the key had already been put into the
    scope by the server or by an application around the wrapper.
    """

    def __init__(self, key: str, origin: Origin, other: Origin | None) -> None:
        super().__init__(key, origin, other)
        self.key = key
        self.origin = origin
        self.other = other

    def explain(self) -> str:
        other = self.other or (
            'scope["state"] itself, where the server or an application around '
            "LifespanApplication has put it"
        )
        return (
            f"the state key {self.key!r} of {self.origin} is taken already, by {other}."
            "\nGive it another key with @on_lifespan(state_key=...), or publish nothing"
            " with state_key=None."
        )


class PlanError(LifespanError, ExceptionGroup[LifespanError]):
    """Nothing can start: all that is wrong with the order, one error for each."""

    def __new__(cls, errors: Sequence[LifespanError]) -> Self:
        text = "\n\n".join(map(str, errors))
        return super().__new__(
            cls, f"the lifespans cannot be started:\n\n{text}", errors
        )

    def __init__(self, errors: Sequence[LifespanError]) -> None:
        Exception.__init__(self, errors)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.exceptions,)

    def derive(self, excs: Sequence[Any], /) -> Any:
        return PlanError(excs)

    def explain(self) -> str:
        return self.message


# --- Errors of one lifespan, inside a StartupError or a ShutdownError --------------


class StartupTimeoutError(LifespanError, TimeoutError):
    """A lifespan did not start within `seconds`."""

    def __init__(self, origin: Origin, seconds: float, at: str | None) -> None:
        super().__init__(origin, seconds, at)
        self.origin = origin
        self.seconds = seconds
        self.at = at

    def explain(self) -> str:
        return (
            f"{self.origin} has not started within {self.seconds:g} s{_at(self.at)}.\n"
            "Allow it more with @on_lifespan(startup_timeout=...), or all of them with "
            'LIFESPAN_REGISTRY = {"STARTUP_TIMEOUT": ...}.'
        )


class ShutdownTimeoutError(LifespanError, TimeoutError):
    """A lifespan did not stop within `seconds`; where it `ignored` that, it still runs.

    A sync one is in a thread, which cannot be interrupted: `in_thread`.
    """

    def __init__(
        self,
        origin: Origin,
        seconds: float,
        at: str | None,
        *,
        ignored: bool = False,
        in_thread: bool = False,
    ) -> None:
        super().__init__(origin, seconds, at)
        self.origin = origin
        self.seconds = seconds
        self.at = at
        self.ignored = ignored
        self.in_thread = in_thread

    def explain(self) -> str:
        if self.in_thread:
            then = "Its thread, which nothing can interrupt, has been left behind"
        elif self.ignored:
            then = "It was cancelled, did not react, and has been left behind"
        else:
            then = "It was cancelled (does it wait for a task that never ends?)"
        return (
            f"{self.origin} has not stopped within {self.seconds:g} s{_at(self.at)}.\n"
            f"{then}. Allow it more with @on_lifespan(shutdown_timeout=...), or all of "
            'them with LIFESPAN_REGISTRY = {"SHUTDOWN_TIMEOUT": ...}.'
        )


class _OneOriginError(LifespanError):
    """An error that needs no more than the lifespan that it is about."""

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin)
        self.origin = origin


class NeverYieldedError(_OneOriginError, RuntimeError):
    """A generator function returned before it came to a ``yield``."""

    def explain(self) -> str:
        return (
            f"{self.origin} returned without a yield. A lifespan yields exactly once: "
            "what stands before the yield runs at startup, what follows at shutdown. "
            "Does a return or an if pass it by?"
        )


class YieldedTwiceError(_OneOriginError, RuntimeError):
    """A generator function yielded again when it was to shut down."""

    def explain(self) -> str:
        return (
            f"{self.origin} has yielded a second time. A lifespan yields exactly once: "
            "what stands before the yield runs at startup, what follows at shutdown. "
            "Does the yield stand in a loop?"
        )


class NotAContextManagerError(LifespanError, TypeError):
    """A callable did not return a context manager; `returned` is what it returned."""

    def __init__(self, origin: Origin, returned: str) -> None:
        super().__init__(origin, returned)
        self.origin = origin
        self.returned = returned

    def explain(self) -> str:
        hint = (
            "Put @asynccontextmanager on it (@contextmanager where it is sync)."
            if self.returned.endswith("generator")
            else "Did you forget the yield?"
        )
        return (
            f"{self.origin} returned {self.returned}, which is no context manager (it "
            f"has neither __aenter__ nor __enter__). {hint}"
        )


class BadStateKeyError(LifespanError, TypeError):
    """A lifespan yielded a mapping with a key that is not a string."""

    def __init__(self, origin: Origin, key: object) -> None:
        super().__init__(origin, key)
        self.origin = origin
        self.key = key

    def explain(self) -> str:
        return (
            f"{self.origin} yielded a mapping with the key {self.key!r}. A mapping is "
            "published key by key, and the keys of the state are strings. To publish "
            "it as one value, use @on_lifespan(state_key=...)."
        )


class WasCancelledError(LifespanError, RuntimeError):
    """A lifespan was cancelled in the middle of its start or stop, not by its run."""

    def __init__(self, origin: Origin, phase: str) -> None:
        super().__init__(origin, phase)
        self.origin = origin
        self.phase = phase

    def explain(self) -> str:
        return (
            f"{self.origin} was cancelled during its {self.phase}, and not by the run. "
            "Does it await a task or a future that somebody else has cancelled, or "
            "does somebody cancel all the tasks of this event loop?"
        )


class EndedByItselfError(_OneOriginError, RuntimeError):
    """A lifespan ended while it was to stay up, and raised nothing."""

    def explain(self) -> str:
        return (
            f"{self.origin} ended by itself, without an error, though nothing had "
            "asked it to stop. Did a time limit or a cancel scope around its yield "
            "run out, or was its task cancelled?"
        )


class ApplicationError(LifespanError, RuntimeError):
    """The lifespan of a wrapped or included application failed.

    `phase` is ``"startup"``, ``"shutdown"``, or ``"run"`` for a crash in between;
    `text` is what the application said itself.
    """

    def __init__(self, application: str, phase: str, text: str) -> None:
        super().__init__(application, phase, text)
        self.application = application
        self.phase = phase
        self.text = text

    def explain(self) -> str:
        said = f": {self.text}" if self.text else ", and did not say why."
        return (
            f"the lifespan of the application ({self.application}) failed at "
            f"its {self.phase}{said}"
        )


class MountError(LifespanError, ValueError):
    """A `PathDispatcher` cannot mount an application at `path`; `detail` says why."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path = path
        self.detail = detail

    def explain(self) -> str:
        return f"the path {self.path!r} {self.detail}"


# --- Errors of a run ---------------------------------------------------------------


class _RunError(LifespanError, ExceptionGroup[Exception]):
    """What one or more lifespans raised: `origins` says which, in the same order."""

    origins: tuple[Origin, ...]
    verb = ""

    def __new__(cls, failures: Sequence[tuple[Origin, Exception]]) -> Self:
        count = len(failures)
        text = f"{count} lifespan{'s' if count > 1 else ''} {cls.verb}:" + "".join(
            f"\n    {_once(origin, error)}" for origin, error in failures
        )
        self = super().__new__(cls, text, [error for _, error in failures])
        self.origins = tuple(origin for origin, _ in failures)
        return self

    def __init__(self, failures: Sequence[tuple[Origin, Exception]]) -> None:
        Exception.__init__(self, failures)

    @property
    def failures(self) -> tuple[tuple[Origin, Exception], ...]:
        """Each lifespan that failed with what it raised, the first cause first."""
        return tuple(zip(self.origins, self.exceptions, strict=True))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.failures,), self.__dict__

    def derive(self, excs: Sequence[Any], /) -> Any:
        known = {id(error): origin for origin, error in self.failures}
        if all(id(error) in known for error in excs):
            return type(self)([(known[id(error)], error) for error in excs])
        # split() looks inside nested groups, too: those parts have no origin.
        return ExceptionGroup(self.verb, excs)

    def explain(self) -> str:
        return self.message


class StartupError(_RunError):
    """One or more lifespans failed to start; all that had started was stopped again.

    `cleanup` has the errors of that stopping: each with its lifespan.
    """

    verb = "failed to start"
    cleanup: tuple[tuple[Origin, BaseException], ...] = ()

    def derive(self, excs: Sequence[Any], /) -> Any:
        part = super().derive(excs)
        if isinstance(part, StartupError):
            part.cleanup = self.cleanup
        return part

    def explain(self) -> str:
        text = super().explain()
        if self.cleanup:
            text += "\nThen, while those that had started were stopped:" + "".join(
                f"\n    {_once(origin, error)}" for origin, error in self.cleanup
            )
        return text


class ShutdownError(_RunError):
    """One or more lifespans failed to stop; all the others were stopped."""

    verb = "failed to stop"


class RunUsedError(LifespanError, RuntimeError):
    """A run is entered a second time."""

    def explain(self) -> str:
        return (
            "this run has been entered before. A run goes from one start to one stop; "
            "ask the registry for another one: registry.run()."
        )


# --- Errors of whoever has a coroutine run -----------------------------------------


class CallOnLoopError(LifespanError, RuntimeError):
    """`Run.call` was called on the event loop of the run, and would wait for itself."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function

    def explain(self) -> str:
        return (
            f"call({self.function}) would wait for ever: this code runs on the event "
            "loop of the lifespans itself, which it would keep from running "
            f"{self.function}.\n"
            f"In async code, await it: await {self.function}(...). call() is for sync "
            "code, in another thread."
        )


class CallOutsideRunError(LifespanError, RuntimeError):
    """A function, or a test's request, is to use a run that is not up.

    `detail` says why it is not.
    """

    def __init__(self, function: str, detail: str) -> None:
        super().__init__(function, detail)
        self.function = function
        self.detail = detail

    def explain(self) -> str:
        return (
            f"{self.function} cannot be run on the event loop of the lifespans: "
            f"{self.detail}.\n"
            "It can be while the lifespans are up, in the process that has started "
            "them: with default_registry.run_in_thread() as run: ..."
        )


class CallTimeoutError(LifespanError, TimeoutError):
    """What `Run.call` has run did not end within its `timeout`, in seconds."""

    def __init__(self, function: str, seconds: float) -> None:
        super().__init__(function, seconds)
        self.function = function
        self.seconds = seconds

    def explain(self) -> str:
        return (
            f"{self.function} has not ended within {self.seconds:g} s on the event "
            "loop of the lifespans, and was cancelled.\n"
            "Allow it more with call(..., timeout=...); or does something block that "
            "loop, or wait for this very thread?"
        )


class LazyStartError(LifespanError, RuntimeError):
    """The start that a request has waited for has failed; `failure` says of what.

    Raised in requests alone, where the server has not started the lifespans.
    """

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure

    def explain(self) -> str:
        return (
            "the server does not start the lifespans, and their start by a request has "
            f"failed: {self.failure}\n"
            "The log of the start has the whole traceback. The next request tries "
            "again."
        )


class LazyRefusedError(LifespanError, RuntimeError):
    """No request may start the lifespans, and the server has not.

    `server` says which server it is, `advice` how it is made to.
    """

    def __init__(self, server: str, advice: str) -> None:
        super().__init__(server, advice)
        self.server = server
        self.advice = advice

    def explain(self) -> str:
        return (
            "no lifespans have been started: the server has not started them. It is "
            f"{self.server}. {self.advice}\n"
            'LIFESPAN_REGISTRY = {"LAZY": False} keeps requests from starting them.'
        )


class PatchedThreadsError(LifespanError, RuntimeError):
    """The process has no real threads: `library` has put its own in their place.

    An event loop in one of these would run in the thread of the requests.
    """

    def __init__(self, library: str) -> None:
        super().__init__(library)
        self.library = library

    def explain(self) -> str:
        return (
            f"no lifespans have been started: {self.library} has replaced the threads "
            "of this process. The event loop of the lifespans would run in the thread "
            "of the requests, where Django then refuses async views and the ORM.\n"
            "Take a server with real threads (gunicorn: -k gthread), without "
            f"{self.library}'s monkey-patching, or serve the ASGI application."
        )


# --- Errors of whoever wants a value -----------------------------------------------


IN_TESTS = (
    "In a test they are started by a mixin of lifespan_registry.testing (does setUp() "
    "call that of super()?), with pytest by the fixture lifespan_run (its marker alone "
    "starts nothing)."
)


class UnavailableError(LifespanError, LookupError):
    """The value of lifespan `name` is not to be had; each subclass is one reason."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name, detail)
        self.name = name
        self.detail = detail


class NotStartedError(UnavailableError):
    """No run of the registry has been started in this process."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} has no value: no lifespans have been started in "
            "this process.\n"
            "Under a server: is the application wrapped, by LifespanApplication in "
            "asgi.py or by LifespanWSGIApplication in wsgi.py? For manage.py "
            'runserver, is "lifespan_registry.runserver" in INSTALLED_APPS? Where the '
            "server does not send the lifespan protocol, the first request starts "
            "them.\n"
            f"{IN_TESTS}\n"
            "In a script or a shell, start them yourself: async with "
            "default_registry.run(): ..., in sync code with "
            "default_registry.run_in_thread(): ... A management command inherits from "
            "LifespanCommand.\n"
            "While a module is imported there is never a value: call .get() in the "
            "function that uses it."
        )


class ForkedError(NotStartedError):
    """The process has been forked from one that has started its lifespans."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} has no value in this process: what has been "
            "started is that of the process that this one was forked from. Its "
            "connections must not be used by two processes, and its event loop is not "
            "here.\n"
            "Start the lifespans anew in the child, where that begins its work: with "
            "default_registry.run_in_thread(): ... In Celery, gunicorn and the like "
            "there is a hook for each new worker."
        )


class OverriddenTooLateError(UnavailableError):
    """``override()`` replaces a lifespan that has been started before.

    `detail` is the name of that one, where it is a need of this one.
    """

    def explain(self) -> str:
        what = (
            f"needs {self.detail!r}, which is replaced"
            if self.detail
            else "is replaced"
        )
        return (
            f"lifespan {self.name!r} {what} by override() here, but the run that is up "
            "was started before, with the original. That is not handed out.\n"
            "An override counts for the runs that are started in its block: put it "
            "around the start, or start a run in it. A test class of "
            "lifespan_registry.testing has lifespan_overrides, and pytest's fixture "
            "lifespan_run the marker lifespans(override=...)."
        )


class StartingError(UnavailableError):
    """The run has begun, and this lifespan has not started yet."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} has no value yet: it {self.detail}.\n"
            "A lifespan that uses another one takes it as a parameter, or names it "
            "with requires=; then it starts after it."
        )


class StartFailedError(UnavailableError):
    """The last run failed to start; `detail` says of what."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} has no value: the start failed. {self.detail}\n"
            "The log of the startup has the whole traceback."
        )


class StoppedError(UnavailableError):
    """The lifespan has been stopped, or is being stopped right now."""

    def explain(self) -> str:
        advice = (
            "Code that runs during the stop takes it as a parameter of a lifespan of "
            "its own, which is then stopped before it."
            if self.detail == "is being stopped"
            else "This code runs after the stop of the server, or outside the block "
            f"that has started it: async with default_registry.run(): ...\n{IN_TESTS}"
        )
        return (
            f"lifespan {self.name!r} has no value any more: it {self.detail}.\n{advice}"
        )


class CrashedError(UnavailableError):
    """The lifespan ended by itself while it was to stay up; `detail`: when, of what."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} has no value any more: it crashed {self.detail}.\n"
            "Look for its traceback in the log; a restart of the process brings it "
            "back."
        )


class OtherEventLoopError(UnavailableError):
    """The value belongs to another event loop than the one that runs this code."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} was started in another event loop than the one "
            "that runs this code. Its value must not be used across event loops, and "
            "is not handed out.\n"
            "In place of asyncio.run(f()), let sync code run f on the loop of the "
            "lifespans: run.call(f). run is what registry.run_in_thread() has given, "
            "self.lifespan_run in a LifespanCommand, default_registry.current_run() "
            "elsewhere. Or pass what you need from outside."
        )


class SeveralRunsError(UnavailableError):
    """More than one run is up here, so that the value is ambiguous."""

    def explain(self) -> str:
        return (
            f"lifespan {self.name!r} has several values here: {self.detail} are up.\n"
            f"Say which one is meant: {self.name}.get(request), or "
            f"{self.name}.get(run.state)."
        )


class NotInThisRunError(UnavailableError):
    """The run that is up does not have this lifespan; `detail` says why."""

    def explain(self) -> str:
        return f"lifespan {self.name!r} has no value: it {self.detail}."


class SourceError(LifespanError, TypeError):
    """``Lifespan.get()`` was given something that cannot have a state."""

    def __init__(self, name: str, given: str) -> None:
        super().__init__(name, given)
        self.name = name
        self.given = given

    def explain(self) -> str:
        return (
            f"{self.name}.get() takes a request, a scope, a consumer or a State, or "
            f"nothing; it was given {self.given}.\n"
            f"A method of the value itself is called on {self.name}.get()."
        )


class MissingKeyError(LifespanError, KeyError, AttributeError):
    """The state has no such key; `published` are those that it has.

    `reason` says what has become of the value, where a lifespan had that name.
    """

    def __init__(self, key: str, published: Iterable[str], reason: str = "") -> None:
        super().__init__(key, tuple(published), reason)
        self.key = key
        self.published: tuple[str, ...] = self.args[1]
        self.reason = reason

    def explain(self) -> str:
        if self.reason:
            return f"the state has no {self.key!r}: {self.reason}"
        if not self.published:
            return (
                f"the state has no {self.key!r}: it is empty. Have the lifespans been "
                "started? Is the application wrapped in LifespanApplication?"
            )
        text = f"the state has no {self.key!r}."
        if close := near_misses(self.key, self.published):
            text += f" Did you mean {_either(map(repr, close))}?"
        return text + f"\nPublished are: {', '.join(sorted(self.published))}."


# --- Words -------------------------------------------------------------------------


def near_misses(name: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that look like *name*, the nearest first."""
    # Only a mistake pays for the import.
    import difflib  # noqa: PLC0415

    return difflib.get_close_matches(name, names, n=3)


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)


def _at(place: str | None) -> str:
    return f" (it is at {place})" if place else ""


MOST_PARTS = 10
"""How many of the errors of one group are named."""


def brief(error: BaseException) -> str:
    """Say in short what *error* is; of a task group's error, what its tasks raised."""
    kind = type(error).__name__
    if isinstance(error, BaseExceptionGroup) and not isinstance(error, LifespanError):
        group = cast("BaseExceptionGroup[BaseException]", error)
        parts = "; ".join(map(brief, group.exceptions[:MOST_PARTS]))
        more = len(group.exceptions) - MOST_PARTS
        return f"{parts}{f'; and {more} more' if more > 0 else ''} (in an {kind})"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error of the user's own may be broken itself
        text = "its text cannot be had"
    return f"{kind}: {text}" if text else kind


def _once(origin: Origin, error: BaseException) -> str:
    """Name the lifespan and its error, without saying twice whose error it is."""
    if getattr(error, "origin", None) == origin:
        return brief(error).replace("\n", "\n    ")
    return f"{origin}: {brief(error)}".replace("\n", "\n    ")
