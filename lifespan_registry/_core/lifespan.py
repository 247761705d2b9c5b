"""The handle: what ``@on_lifespan`` returns, and the typed key to the value."""

from __future__ import annotations

import functools
import types
from asyncio.events import _get_running_loop  # pyright: ignore[reportPrivateUsage]
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Generic, cast

from lifespan_registry._core.state import ENVIRON_KEY, State
from lifespan_registry.exceptions import MissingKeyError, SourceError

if TYPE_CHECKING:
    from typing_extensions import ParamSpec, TypeVar

    from lifespan_registry._core.definition import Definition
    from lifespan_registry._core.running import Running

    T_co = TypeVar("T_co", covariant=True)
    P = ParamSpec("P", default=...)
    M_co = TypeVar(
        "M_co",
        covariant=True,
        default=AbstractAsyncContextManager[T_co] | AbstractContextManager[T_co],
    )
else:
    # The defaults are for type checkers; typing_extensions takes longer to import than
    # all the rest of the package.
    from typing import ParamSpec, TypeVar

    T_co = TypeVar("T_co", covariant=True)
    P = ParamSpec("P")
    M_co = TypeVar("M_co", covariant=True)


class Lifespan(Generic[T_co, P, M_co]):
    """A registered lifespan, and the key to what it yields.

    ``Lifespan[httpx.AsyncClient]`` is all that an annotation has to say. The other two
    parameters are those of the function, and the context manager that a call returns.
    """

    name: str
    __wrapped__: Callable[P, Any]

    def __init__(self, definition: Definition, running: Running, mark: str) -> None:
        self._running = running
        self._held = running.held
        self._mark = mark
        self.redefine(definition)

    def redefine(self, definition: Definition) -> None:
        """Take over *definition*: the same function, imported once more."""
        self.definition = definition
        self.name = definition.name
        functools.update_wrapper(self, definition.function, updated=())

    def __class_getitem__(cls, item: Any) -> types.GenericAlias:
        # One parameter is enough at runtime, too, where typing would ask for three.
        return types.GenericAlias(cls, item)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Of the slips with a handle the likeliest: to take it for the value.
            own = self.__dict__.get("name", "lifespan")
            text = f"a Lifespan has no attribute {name!r}: the value is {own}.get()"
            raise AttributeError(text, name=name, obj=self)

    def __repr__(self) -> str:
        return f"<Lifespan {self.definition.origin}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> M_co:
        """Return the context manager itself, as if there were no registry.

        For a unit test: ``async with search(fake_client) as s:``.
        """
        manager: Any = self.definition.open(*args, **kwargs)
        return manager  # type: ignore[no-any-return]

    def get(self, source: object = None) -> T_co:
        """Return what the lifespan has yielded.

        Without *source*: in the run of the current event loop or, in sync code, in the
        one run of this process. With a request, a scope, a Channels consumer or
        a `State`: in that. Raises the `UnavailableError` that says why there is none;
        `MissingKeyError` where a `State` of others has no such key; `SourceError` for
        a *source* that can have no state.
        """
        if source is None:
            held = self._held.get(_get_running_loop())
            if held is not None and self.name in held:
                return held[self.name]  # type: ignore[no-any-return]
            return self._running.find(self.name).value(self.name)  # type: ignore[no-any-return]
        return self._get_from(source)  # type: ignore[no-any-return]

    def _get_from(self, source: object) -> Any:
        state = self._state_of(source)
        if state is not None:
            if (run := state.get(self._mark)) is not None:
                return run.value_in(state, self.name)
            key = self.definition.state_key or self.name
            if key in state:
                return state[key]
            if isinstance(source, State):
                raise MissingKeyError(key, source)
        # A scope that the wrapper has not seen: Django's test client makes such ones.
        return self._running.find(self.name).value(self.name)

    def _state_of(self, source: Any) -> Mapping[str, Any] | None:
        """Find the state in *source*; None where it can have one, and has none."""
        if isinstance(source, State):
            return source.mapping
        found = getattr(source, "scope", source)
        if isinstance(found, Mapping):
            scope = cast("Mapping[str, Any]", found)
            state = scope.get("state")
            if isinstance(state, State):
                return state.mapping
            if state is None and "type" not in scope and scope is source:
                return scope
            return state
        if isinstance(environ := getattr(source, "META", None), Mapping):
            # A request without a scope came through WSGI, or from Django's test client.
            return cast("Mapping[str, Any]", environ).get(ENVIRON_KEY)
        raise SourceError(self.name, f"an object of type {type(source).__name__}")
