"""Who exists: the registry, the decorator, and the one that everybody shares."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

from lifespan_registry._core.definition import (
    NOT_GIVEN,
    Definition,
    Limits,
    Names,
    name_of,
    names_of,
    tags_of,
)
from lifespan_registry._core.lifespan import Lifespan
from lifespan_registry._core.running import Running
from lifespan_registry._core.state import MARK
from lifespan_registry.exceptions import ChoiceError, OverrideError

T = TypeVar("T")
P = ParamSpec("P")

logger = logging.getLogger("lifespan_registry")

NAMES = "a lifespan, a name, or several of these"
MAPPING = "a mapping from lifespans, or their names, to what stands in their place"

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Named
    from lifespan_registry._core.loop_thread import RunInThread
    from lifespan_registry._core.overrides import Override
    from lifespan_registry._core.plan import Plan
    from lifespan_registry._core.report import Report
    from lifespan_registry._core.run import Run
    from lifespan_registry._core.telling import Observer

    class Decorator(Protocol):
        """``@on_lifespan(...)``: what the decorator with arguments returns."""

        # An object that is a context manager and an iterator as well is entered.
        @overload
        def __call__(
            self, function: Callable[P, AbstractAsyncContextManager[T]], /
        ) -> Lifespan[T, P, AbstractAsyncContextManager[T]]: ...
        @overload
        def __call__(
            self, function: Callable[P, AbstractContextManager[T]], /
        ) -> Lifespan[T, P, AbstractContextManager[T]]: ...
        @overload
        def __call__(
            self, function: Callable[P, AsyncIterator[T]], /
        ) -> Lifespan[T, P, AbstractAsyncContextManager[T]]: ...
        @overload
        def __call__(
            self, function: Callable[P, Iterator[T]], /
        ) -> Lifespan[T, P, AbstractContextManager[T]]: ...


class Registry:
    """Lifespans by name, and what can be done with them: order them, run them.

    It holds functions, never live values, so that it can be run again after a stop, and
    in two event loops at once. `limits` are the time limits, in seconds, of lifespans
    that have none of their own; `log_level` is the level at which starts and stops are
    logged; `lazy` says whether the first request may start them, where the server does
    not; `is_probe` says of its scope, or environ, whether it asks how things are, and
    so is not to wait for that start; `stopping_on_signal` says whether `Run.stopping`
    of a server is set by the signal that ends it.
    """

    def __init__(self) -> None:
        self.limits = Limits()
        self.log_level = logging.INFO
        self.lazy = True
        self.stopping_on_signal = False
        self.is_probe: Callable[[Mapping[str, Any]], bool] = _is_none
        # Django's autodiscover_modules() puts a copy of this back when a module fails
        # half-way.
        self._registry: dict[
            tuple[str, str, int, str, tuple[object, ...]], Lifespan[Any]
        ] = {}
        self._running = Running()
        self._observers: list[Observer] = []
        self._mark = f"{MARK}{id(self):x}"

    def __repr__(self) -> str:
        names = ", ".join(lifespan.name for lifespan in self)
        return f"<Registry: {names or 'empty'}>"

    def __iter__(self) -> Iterator[Lifespan[Any]]:
        """Go through the lifespans in the order of their registration."""
        return iter(tuple(self._registry.values()))

    def __len__(self) -> int:
        return len(self._registry)

    def __bool__(self) -> bool:
        # Django's autodiscover_modules() looks for a registry, not for what is in it.
        return True

    # An async context manager, or a class of such.
    @overload
    def on_lifespan(
        self, function: Callable[P, AbstractAsyncContextManager[T]], /
    ) -> Lifespan[T, P, AbstractAsyncContextManager[T]]: ...
    # The same in sync.
    @overload
    def on_lifespan(
        self, function: Callable[P, AbstractContextManager[T]], /
    ) -> Lifespan[T, P, AbstractContextManager[T]]: ...
    # An async generator function.
    @overload
    def on_lifespan(
        self, function: Callable[P, AsyncIterator[T]], /
    ) -> Lifespan[T, P, AbstractAsyncContextManager[T]]: ...
    # A generator function.
    @overload
    def on_lifespan(
        self, function: Callable[P, Iterator[T]], /
    ) -> Lifespan[T, P, AbstractContextManager[T]]: ...
    # With arguments.
    @overload
    def on_lifespan(
        self,
        /,
        *,
        name: str | None = ...,
        requires: Names = ...,
        after: Names = ...,
        before: Names = ...,
        state_key: str | None = ...,
        startup_timeout: float | None = ...,
        shutdown_timeout: float | None = ...,
        enabled: bool | Callable[[], bool] = ...,
        tags: str | Iterable[str] = ...,
    ) -> Decorator: ...
    def on_lifespan(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        requires: Names = (),
        after: Names = (),
        before: Names = (),
        state_key: str | None = NOT_GIVEN,
        startup_timeout: float | None = None,
        shutdown_timeout: float | None = None,
        enabled: bool | Callable[[], bool] = True,
        tags: str | Iterable[str] = (),
    ) -> Any:
        """Register a lifespan: what stands before its ``yield`` runs at startup.

        *function* is an async generator function, a function with
        ``@asynccontextmanager``, any callable that returns an async context manager
        (a class too), or the sync twin of one of these, which runs in a thread. Each of
        its parameters names a lifespan that it starts after, and receives what that one
        yields; a parameter with a default is filled only where there is such a one.

        *name* is the function's unless given. *requires* is the demand of a parameter
        without the value. *after* and *before* are order alone; ``"*"`` means all
        others. *state_key* is the key in ``scope["state"]``, None publishes nothing.
        *startup_timeout* and *shutdown_timeout* are seconds. *enabled* is read when
        a run starts. *tags* say what it is for: a run for other ones leaves it out.

        Raises `DefinitionError` for anything else. A name that is taken is an error of
        the plan.
        """

        def register(function: Callable[..., Any]) -> Lifespan[Any]:
            definition = Definition(
                function,
                name=name,
                requires=requires,
                after=after,
                before=before,
                state_key=state_key,
                startup_timeout=startup_timeout,
                shutdown_timeout=shutdown_timeout,
                enabled=enabled,
                tags=tags,
            )
            if known := self._registry.get(definition.identity):
                # A module that is reloaded, or imported under a second name.
                known.redefine(definition)
                return known
            lifespan: Lifespan[Any] = Lifespan(definition, self._running, self._mark)
            self._registry[definition.identity] = lifespan
            return lifespan

        return register if function is None else register(function)

    def plan(
        self,
        *,
        only: Names | None = None,
        skip: Names | None = None,
        tags: str | Iterable[str] | None = None,
    ) -> Plan:
        """Return the order in which a run would start, without running anything.

        *only*, *skip* and *tags* are those of `run()`. Raises `PlanError` with every
        error that there is to find, and `ChoiceError` for an option that is no choice.
        """
        # Whoever only registers, as most commands do, need not load the engine.
        from lifespan_registry._core import graph, overrides  # noqa: PLC0415

        replaced = overrides.replaced(self._running)
        return graph.plan(
            [one.definition for one in self],
            only=_names("only", only),
            skip=_names("skip", skip),
            tags=_tags(tags),
            replaced=replaced,
        )

    def run(
        self,
        *,
        only: Names | None = None,
        skip: Names | None = None,
        tags: str | Iterable[str] | None = None,
    ) -> Run:
        """Return a run of the lifespans, to be entered with ``async with``.

        *only* these and what they need; *skip* these, which nothing else may need.
        *tags* leaves out those that have tags, but none of these, and that nothing else
        needs; those without tags belong to every run. It reads the registry when it is
        entered: what is registered later belongs to the next run. So that is where it
        raises `PlanError`, `ChoiceError` and `StartupError`; leaving it raises
        `ShutdownError`.
        """
        from lifespan_registry._core.run import Run  # noqa: PLC0415

        return Run(
            lambda: self.plan(only=only, skip=skip, tags=tags),
            self.limits,
            self._running,
            self._mark,
            log_level=self.log_level,
            observers=self._observers,
        )

    def observe(self, observer: Observer) -> None:
        """Have *observer* called when a run has started, stops, and has stopped.

        And when a lifespan has crashed. It is called in the event loop, with the event,
        the run, and the name of the one that has crashed, else None; so it has to be
        quick. A coroutine that it returns is run in a task beside the run. What it
        raises is logged. Runs that have been made before do not count.
        """
        if observer not in self._observers:
            self._observers.append(observer)

    def run_in_thread(
        self,
        *,
        only: Names | None = None,
        skip: Names | None = None,
        tags: str | Iterable[str] | None = None,
    ) -> RunInThread:
        """Return a run for sync code: ``with registry.run_in_thread() as run:``.

        It is entered and left in an event loop of its own, in a thread of its own;
        `Run.call` runs coroutines there. What entering and leaving raise is raised in
        the calling thread: `PlanError`, `ChoiceError`, `StartupError`,
        `ShutdownError`. *only*, *skip* and *tags* are those of `run()`.
        """
        from lifespan_registry._core.loop_thread import RunInThread  # noqa: PLC0415

        return RunInThread(self.run(only=only, skip=skip, tags=tags))

    def override(
        self,
        replacements: Mapping[str | Named, object] | None = None,
        /,
        **by_name: object,
    ) -> Override:
        """Put something else in the place of lifespans: ``with registry.override():``.

        *replacements* has lifespans, or their names, as keys; *by_name* has names. What
        stands in their place is a value; or it is entered in their stead: another
        lifespan, a function that could be one, or a context manager whose class
        inherits from those of contextlib, as ``contextlib.aclosing(client)``.

        It counts for the runs that are started in the block, and is seen by no other
        task and no other thread. The replacement has needs of its own; those of what it
        replaces are not started for its sake. It decorates functions and coroutine
        functions, too. Raises `ChoiceError` for keys that are neither lifespans of this
        registry nor names; what entering it raises, `Override` says.
        """
        # Only tests pay for it.
        from lifespan_registry._core.overrides import Override  # noqa: PLC0415

        given = by_name
        if replacements is not None:
            if not _is_mapping(replacements):
                raise ChoiceError("override()", MAPPING, replacements)
            given = {
                **{self._own(key): one for key, one in replacements.items()},
                **by_name,
            }
        return Override(self._running, self, given)

    def _own(self, key: str | Named) -> str:
        """Return the name of the lifespan that *key* stands for."""
        if not isinstance(key, str) and all(one is not key for one in self):
            raise ChoiceError("override()", "lifespans of this registry, or names", key)
        return name_of(key)

    def current_run(self) -> Run | None:
        """Return the run of the current event loop, if there is one.

        In sync code, where no event loop runs: the one run of this process.
        """
        return self._running.current()

    def check_not_overridden(self) -> None:
        """Raise `OverrideError` where the start by a request would outlive a test."""
        if names := self._running.overridden_names:
            raise OverrideError(
                names,
                "does not go with a start by the first request, which nothing would "
                "stop at the end of its block: start a run in it, async with "
                "registry.run(): ...",
            )

    def warn_if_empty(self) -> None:
        """Log a warning where a server is about to start nothing."""
        if not len(self):
            logger.warning(
                "No lifespan is registered, so that none is started. Is "
                "'lifespan_registry' in INSTALLED_APPS, and are the lifespans in the "
                "module 'lifespans' of an app?"
            )

    def reports(self) -> list[Report]:
        """Return a report for each run of this process, whatever its event loop.

        Where a server has started one, those of its runs alone. Where none is up, it is
        one report with nothing in it: its status tells whether there has been one that
        has stopped, or whose start has failed.
        """
        if runs := self._running.serving:
            return [run.report for run in runs]
        from lifespan_registry._core.report import Report  # noqa: PLC0415

        return [Report({}, status=self._running.last_status)]

    @property
    def last_failure(self) -> str | None:
        """What the last start of this process that is over has failed of, if it has."""
        return self._running.last_failure

    @property
    def is_up_here(self) -> bool:
        """Whether a run is under way on the current event loop, or more than one."""
        return bool(self._running.here())

    @property
    def mark(self) -> str:
        """The key under which a state holds the run of this registry that filled it."""
        return self._mark


# What is given may be anything, whatever the annotations say.


def _is_none(_request: Mapping[str, Any]) -> bool:
    return False


def _is_mapping(given: object) -> bool:
    return isinstance(given, Mapping)


def _names(option: str, given: Names | None) -> tuple[str, ...] | None:
    try:
        return None if given is None else names_of(given)
    except (TypeError, AttributeError):
        raise ChoiceError(f"{option}=", NAMES, given) from None


def _tags(given: str | Iterable[str] | None) -> frozenset[str] | None:
    tags = None if given is None else tags_of(given)
    if tags is None and given is not None:
        raise ChoiceError("tags=", "a text, or several", given)
    return tags


default_registry = Registry()
on_lifespan = default_registry.on_lifespan
