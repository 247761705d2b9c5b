"""Replacements for lifespans, as long as a block of code lasts: for tests."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import types
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, Protocol, TypeVar, cast

from lifespan_registry._core.definition import Definition
from lifespan_registry._core.forms import innermost
from lifespan_registry.exceptions import (
    OverrideError,
    PlanError,
    UnknownLifespanError,
    near_misses,
)

F = TypeVar("F", bound=Callable[..., Any])


class Keyed(Protocol):
    """A registered lifespan, as far as it is needed here."""

    name: str
    definition: Definition


class Home(Protocol):
    """Where the runs of a registry are found; it hands out their values."""

    def overridden(self, layer: Layer) -> None: ...
    def restored(self, layer: Layer) -> None: ...


class Layer:
    """What one block puts in the place of lifespans of the registry of *home*.

    `entered` tells which of two came later; when the block has been left, it `counts`
    no more, whatever context still has it.
    """

    _numbers = itertools.count()

    def __init__(self, home: Home, definitions: Mapping[str, Definition]) -> None:
        self.home = home
        self.definitions = definitions
        self.entered = next(self._numbers)
        self.counts = True


# A context of its own is what keeps tests apart that run at the same time.
_layers: Final[ContextVar[tuple[Layer, ...]]] = ContextVar(
    "lifespan_registry.overrides", default=()
)


def replaced(home: Home) -> dict[str, Definition]:
    """Return what counts here in place of lifespans of *home*, by their names."""
    found: dict[str, Definition] = {}
    for layer in _layers.get():
        if layer.home is home and layer.counts:
            found.update(layer.definitions)
    return found


def current() -> tuple[Layer, ...]:
    """Return the blocks that the current code is in."""
    return _layers.get()


@contextlib.contextmanager
def also(layers: Iterable[Layer]) -> Generator[None]:
    """Let count here what counts where *layers* are from."""
    both = {*layers, *_layers.get()}
    token = _layers.set(tuple(sorted(both, key=lambda layer: layer.entered)))
    try:
        yield
    finally:
        _layers.reset(token)


class Override:
    """Puts *replacements* in the place of *lifespans*: ``with registry.override():``.

    Made by `Registry.override()`. It decorates functions and coroutine functions, too.
    """

    def __init__(
        self,
        home: Home,
        lifespans: Iterable[Keyed],
        replacements: Mapping[str, object],
    ) -> None:
        self._home = home
        self._lifespans = lifespans
        self._replacements = replacements
        self._layer: Layer | None = None

    def __repr__(self) -> str:
        return f"<Override: {', '.join(self._replacements) or 'of nothing'}>"

    def __enter__(self) -> None:
        """Let the replacements count, for the runs that are started from here on.

        Raises `PlanError` for names that nobody has registered, with near misses, and
        `DefinitionError` for a function that can be no lifespan.
        """
        if self._layer is not None:
            raise OverrideError(
                self._replacements,
                "is entered already: each block needs an override() of its own.",
            )
        layer = Layer(self._home, self._define())
        self._layer = layer
        _layers.set((*_layers.get(), layer))
        self._home.overridden(layer)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let count again what did before."""
        layer, self._layer = self._layer, None
        if layer is not None:
            layer.counts = False
            # Fixtures, for one, may leave it in another context than they entered it.
            _layers.set(tuple(one for one in _layers.get() if one is not layer))
            self._home.restored(layer)

    def __call__(self, function: F, /) -> F:
        """Let the replacements count whenever *function* is called.

        Raises `OverrideError` for a class and for a generator function, whose code
        does not run while they are called.
        """
        if isinstance(function, type) or (
            inspect.isgeneratorfunction(function)
            or inspect.isasyncgenfunction(function)
        ):
            raise OverrideError(
                self._replacements,
                f"cannot decorate {function.__qualname__}, whose code does not run "
                "while it is called: write `with registry.override(...)` in it. (For "
                "a test class there are the mixins of lifespan_registry.testing.)",
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return awaited  # type: ignore[return-value] # pyright: ignore[reportReturnType]

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return called  # type: ignore[return-value] # pyright: ignore[reportReturnType]

    def _again(self) -> Override:
        # A function may be called by several tests at the same time.
        return Override(self._home, self._lifespans, self._replacements)

    def _define(self) -> dict[str, Definition]:
        known = {one.name: one.definition for one in self._lifespans}
        errors = [
            UnknownLifespanError(
                name,
                "override() names it",
                None,
                [known[close].origin for close in near_misses(name, known)],
            )
            for name in self._replacements
            if name not in known
        ]
        if errors:
            raise PlanError(errors)
        return {
            name: _definition(name, given).in_place_of(known[name])
            for name, given in self._replacements.items()
        }


def _definition(name: str, given: object) -> Definition:
    """Read what is *given* in the place of lifespan *name*."""
    # Others may answer with anything, or do much, when they are asked for something.
    definition = inspect.getattr_static(given, "definition", None)
    if isinstance(definition, Definition):
        return definition
    if _yields(given):
        return Definition(cast("Callable[..., Any]", given), name=name)
    return Definition(_Given(given), name=name)


def _yields(given: object) -> bool:
    functions = (functools.partial, types.FunctionType, types.MethodType)
    if not issubclass(type(given), functions):
        return False
    inner = innermost(given)
    return inspect.isasyncgenfunction(inner) or inspect.isgeneratorfunction(inner)


class _Given:
    """Returns the context manager that was given, or one with the value.

    What merely has the methods is a value: a mock has all of them, and many a client is
    a context manager beside what it is.
    """

    def __init__(self, given: object) -> None:
        bases = type(given).__mro__
        is_manager = (
            AbstractAsyncContextManager in bases or AbstractContextManager in bases
        )
        self._manager = given if is_manager else contextlib.nullcontext(given)

    def __call__(self) -> Any:
        # What contextlib makes of a generator can be entered once, and knows how to
        # make another one of itself: it does so when it decorates a function.
        again = getattr(self._manager, "_recreate_cm", None)
        return self._manager if again is None else again()
