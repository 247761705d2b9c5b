"""Who exists: the registry, the decorator, and the one that everybody shares."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

from lifespan_registry._core.definition import NOT_GIVEN, Definition, Limits, Names
from lifespan_registry._core.lifespan import Lifespan
from lifespan_registry._core.running import Running
from lifespan_registry._core.state import MARK

T = TypeVar("T")
P = ParamSpec("P")

logger = logging.getLogger("lifespan_registry")

if TYPE_CHECKING:
    from lifespan_registry._core.loop_thread import RunInThread
    from lifespan_registry._core.plan import Plan
    from lifespan_registry._core.run import Run

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
    not.
    """

    def __init__(self) -> None:
        self.limits = Limits()
        self.log_level = logging.INFO
        self.lazy = True
        # Django's autodiscover_modules() puts a copy of this back when a module fails
        # half-way.
        self._registry: dict[
            tuple[str, str, int, str, tuple[object, ...]], Lifespan[Any]
        ] = {}
        self._running = Running()
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
        a run starts.

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
            )
            if known := self._registry.get(definition.identity):
                # A module that is reloaded, or imported under a second name.
                known.redefine(definition)
                return known
            lifespan: Lifespan[Any] = Lifespan(definition, self._running, self._mark)
            self._registry[definition.identity] = lifespan
            return lifespan

        return register if function is None else register(function)

    def plan(self, *, only: Names | None = None, skip: Names | None = None) -> Plan:
        """Return the order in which a run would start, without running anything.

        Raises `PlanError` with every error that there is to find.
        """
        # Whoever only registers, as most commands do, need not load the engine.
        from lifespan_registry._core import graph  # noqa: PLC0415

        definitions = [lifespan.definition for lifespan in self]
        return graph.plan(definitions, only=only, skip=skip)

    def run(self, *, only: Names | None = None, skip: Names | None = None) -> Run:
        """Return a run of the lifespans, to be entered with ``async with``.

        *only* these and what they need; *skip* these, which nothing else may need. It
        reads the registry when it is entered: what is registered later belongs to the
        next run.
        """
        from lifespan_registry._core.run import Run  # noqa: PLC0415

        return Run(
            lambda: self.plan(only=only, skip=skip),
            self.limits,
            self._running,
            self._mark,
            self.log_level,
        )

    def run_in_thread(
        self, *, only: Names | None = None, skip: Names | None = None
    ) -> RunInThread:
        """Return a run for sync code: ``with registry.run_in_thread() as run:``.

        It is entered and left in an event loop of its own, in a thread of its own;
        `Run.call` runs coroutines there. What entering and leaving raise is raised in
        the calling thread. *only* and *skip* are those of `run()`.
        """
        from lifespan_registry._core.loop_thread import RunInThread  # noqa: PLC0415

        return RunInThread(self.run(only=only, skip=skip))

    def current_run(self) -> Run | None:
        """Return the run of the current event loop, if there is one.

        In sync code, where no event loop runs: the one run of this process.
        """
        return self._running.current()

    def warn_if_empty(self) -> None:
        """Log a warning where a server is about to start nothing."""
        if not len(self):
            logger.warning(
                "No lifespan is registered, so that none is started. Is "
                "'lifespan_registry' in INSTALLED_APPS, and are the lifespans in the "
                "module 'lifespans' of an app?"
            )

    @property
    def is_up_here(self) -> bool:
        """Whether a run is under way on the current event loop, or more than one."""
        return bool(self._running.here())

    @property
    def mark(self) -> str:
        """The key under which a state holds the run of this registry that filled it."""
        return self._mark


default_registry = Registry()
on_lifespan = default_registry.on_lifespan
