"""Other ASGI applications beside Django: their lifespans, and the way to them.

`include_app` makes a lifespan of what an application starts and stops by itself, as
Starlette, FastAPI and the servers of MCP do. `PathDispatcher` leads to it by the path.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from lifespan_registry._application import (
    Application,
    application_lifespan,
    describe,
    lifespan_scope,
)
from lifespan_registry._core.forms import innermost, origin_of
from lifespan_registry._core.registry import Registry, default_registry
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import DefinitionError, MountError

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names
    from lifespan_registry._core.lifespan import Lifespan

    class Options(TypedDict, total=False):
        """Those of `Registry.on_lifespan` that mean the same here."""

        requires: Names
        after: Names
        before: Names
        startup_timeout: float | None
        shutdown_timeout: float | None
        enabled: bool | Callable[[], bool]
        tags: str | Iterable[str]


__all__ = ["IncludedApp", "PathDispatcher", "include_app"]


class IncludedApp:
    """An application whose lifespan is one of ours: the ASGI callable to mount.

    Its requests have in their state what the application has put there at its startup,
    on top of what all requests have. `lifespan` is the handle: it can be told to others
    (``requires=``, ``after=``, ``override()``), and its value is that state.
    """

    def __init__(self, lifespan: Lifespan[Mapping[str, Any]]) -> None:
        self.lifespan = lifespan

    def __repr__(self) -> str:
        return f"<IncludedApp {self.lifespan.definition.origin}>"

    @property
    def name(self) -> str:
        """The name of its lifespan: it can be told to others itself."""
        return self.lifespan.name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request or websocket.

        Raises the `UnavailableError` of `Lifespan.get()` where the application is not
        up: not started, crashed, stopped.
        """
        if scope["type"] == "lifespan":
            text = f"the lifespan of {self.name!r} is run by its registry"
            raise RuntimeError(text)
        value: Any = self.lifespan.get(scope)
        if isinstance(value, _AppState):
            state: dict[str, Any] = {**(scope.get("state") or {}), **value}
            await value.app({**scope, "state": state}, receive, send)
        else:
            # An override(): another application has taken its place.
            await value(scope, receive, send)


@overload
def include_app(
    app: Application,
    /,
    *,
    name: str,
    registry: Registry = ...,
    state_key: str | None = ...,
    **options: Unpack[Options],
) -> IncludedApp: ...
@overload
def include_app(
    *,
    factory: Callable[..., Application],
    name: str | None = ...,
    registry: Registry = ...,
    state_key: str | None = ...,
    **options: Unpack[Options],
) -> IncludedApp: ...
def include_app(
    app: Application | None = None,
    /,
    *,
    factory: Callable[..., Application] | None = None,
    name: str | None = None,
    registry: Registry = default_registry,
    state_key: str | None = None,
    **options: Unpack[Options],
) -> IncludedApp:
    """Register the lifespan of *app*; return the ASGI callable to mount in its place.

    *factory* makes the application, in place of *app*: anew for each start, as one
    needs that can be started only once. Its parameters without a default name
    lifespans, as those of a function with ``@on_lifespan`` do, and its name is that of
    the lifespan unless *name* is given.

    The state of the application reaches its own requests alone. With *state_key* it is
    published, too, as one mapping under that key. The other options are those of
    `Registry.on_lifespan`.

    Raises `DefinitionError` for what cannot be included. At the start it fails with
    `ApplicationError` where the application says so, or raises once it has been asked
    to start. One that raises or returns before that has no lifespan, and is served all
    the same. (ASGI specification, "Lifespan Protocol", version 2.0.)
    """
    opener = _Opener(app, factory)
    if slip := opener.slip(registry):
        raise DefinitionError(origin_of(opener, name)[0], slip)
    register = registry.on_lifespan(name=name, state_key=state_key, **options)
    return IncludedApp(register(opener))


class _AppState(dict[str, Any]):
    """What *app* has put into its state, while it is up."""

    def __init__(self, app: Application) -> None:
        super().__init__()
        self.app = app


class _Opener:
    """What the lifespan of an included application calls to open it."""

    def __init__(self, app: Any, factory: Any) -> None:
        self._app = app
        self._factory = factory
        self.__signature__ = inspect.Signature()
        if _is_callable(factory):
            # From these the registry reads the name and what is to be injected.
            inner = innermost(factory)
            self.__name__ = getattr(inner, "__name__", type(inner).__name__)
            # Some classes that are written in C do not tell theirs.
            with contextlib.suppress(ValueError):
                self.__signature__ = inspect.signature(factory)

    def slip(self, registry: Registry) -> str | None:
        """Say why it cannot be included, if it cannot."""
        if (self._app is None) is (self._factory is None):
            return "cannot be included: it takes either an application or factory=."
        one = self._app if self._factory is None else self._factory
        if not _is_callable(one):
            return (
                f"cannot be included: it is of type {type(one).__name__}, which cannot "
                "be called."
            )
        if isinstance(one, LifespanApplication) and one.registry is registry:
            return (
                "cannot be included: it is wrapped in LifespanApplication, which would "
                "start the lifespans of the registry once more. Include what is in it."
            )
        if inspect.iscoroutinefunction(self._factory):
            return "cannot be included: its factory= is a coroutine function."
        return None

    @contextlib.asynccontextmanager
    async def __call__(self, *args: Any, **kwargs: Any) -> AsyncGenerator[_AppState]:
        """Start the application, yield its state, and stop it."""
        app = self._app
        if self._factory is not None:
            app = self._factory(*args, **kwargs)
            if not _is_callable(app):
                text = f"{describe(self._factory)}() has returned {app!r}: no ASGI app"
                raise TypeError(text)
        state = _AppState(app)
        lifespan = contextlib.asynccontextmanager(application_lifespan)
        async with lifespan(app, lifespan_scope(state), is_expected=True):
            yield state


# What is given may be anything, whatever the annotations say.


def _is_callable(given: object) -> bool:
    return callable(given)


class PathDispatcher:
    """Leads requests and websockets to the applications of *mounts*, by their path.

    ``PathDispatcher(django, {"/mcp": mcp_app})`` sends to ``mcp_app`` what begins with
    ``/mcp/``, and ``/mcp`` as if it were ``/mcp/``; of several that fit, the longest
    counts. All else goes to *default* as it is, the lifespan too.

    A mounted application finds its own path in ``root_path``, and ``path`` goes on from
    there: it begins with ``root_path``, as the ASGI specification has it
    ("HTTP Connection Scope"; django/asgiref, issue 229).

    Raises `MountError` for a path that is the root, or is there twice.
    """

    def __init__(self, default: Application, mounts: Mapping[str, Application]) -> None:
        self.default = default
        paths: dict[str, Application] = {}
        for path, app in mounts.items():
            mounted = "/" + path.strip("/")
            if mounted == "/":
                raise MountError(path, "is the root of all: what is there is default.")
            if mounted in paths:
                raise MountError(path, "is mounted twice, with and without slashes.")
            paths[mounted] = app
        self._mounts = sorted(paths.items(), key=_length, reverse=True)

    def __repr__(self) -> str:
        paths = ", ".join(path for path, _ in reversed(self._mounts))
        return f"<PathDispatcher: {paths or 'nothing mounted'}>"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one scope by the application that its path leads to."""
        if scope["type"] in ("http", "websocket"):
            root: str = (scope.get("root_path") or "").rstrip("/")
            path: str = scope["path"]
            # Some servers leave out of the path what they have been told of the root.
            rest = path[len(root) :] if _is_under(root, path) else path
            for mounted, app in self._mounts:
                if _is_under(mounted, rest):
                    if rest == mounted:
                        # Neither Django nor Starlette has a page for no path at all.
                        rest += "/"
                    moved = {"root_path": root + mounted, "path": root + rest}
                    await app({**scope, **moved}, receive, send)
                    return
        await self.default(scope, receive, send)


def _length(item: tuple[str, object]) -> int:
    return len(item[0])


def _is_under(root: str, path: str) -> bool:
    return path == root or path.startswith(root + "/")
