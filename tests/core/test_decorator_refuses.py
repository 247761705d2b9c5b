"""What can be no lifespan is refused at the decorator, in words that name the slip."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import DefinitionError, Origin

COROUTINE = (
    "cannot be a lifespan: it is a coroutine function: did you forget the yield? What "
    "stands before the yield runs at startup, what follows at shutdown."
)
PLAIN = (
    "cannot be a lifespan: it is a plain function that returns no context manager: did "
    "you forget the yield? Write async def, and in it one yield: what stands before it "
    "runs at startup, what follows at shutdown."
)


async def coroutine() -> None: ...
def bare(): ...  # type: ignore[no-untyped-def] # noqa: ANN201
def returns_none() -> None: ...
def returns_text() -> str: ...  # type: ignore[empty-body]
def returns_several() -> Awaitable[int]: ...  # type: ignore[empty-body]


FUNCTIONS: list[tuple[Any, Any, str]] = [
    (coroutine, coroutine, COROUTINE),
    (asynccontextmanager(coroutine), coroutine, COROUTINE),  # type: ignore[arg-type]
    (contextmanager(coroutine), coroutine, COROUTINE),  # type: ignore[arg-type]
    (functools.partial(coroutine), coroutine, COROUTINE),
    (bare, bare, PLAIN),
    (returns_none, returns_none, PLAIN),
    (returns_text, returns_text, PLAIN),
    (returns_several, returns_several, PLAIN),
    (functools.partial(bare), bare, PLAIN),
]


@pytest.mark.parametrize(("function", "inner", "slip"), FUNCTIONS)
def test_function_that_is_no_lifespan(
    function: Any, inner: Any, slip: str, registry: Registry
) -> None:
    """A function without a yield is refused with its own file and line."""
    with pytest.raises(DefinitionError) as caught:
        registry.on_lifespan(function)

    line = inner.__code__.co_firstlineno
    assert caught.value.origin == Origin(inner.__name__, __file__, line)
    assert str(caught.value) == f"{caught.value.origin} {slip}"
    assert isinstance(caught.value, TypeError)
    assert len(registry) == 0


async def test_async_generator_function_under_contextmanager(
    registry: Registry, log: list[str]
) -> None:
    """An async generator function under the sync decorator is told so."""

    async def one() -> AsyncIterator[None]:
        log.append("+")
        yield

    with pytest.raises(DefinitionError) as caught:
        registry.on_lifespan(contextmanager(one))  # type: ignore[arg-type,call-overload]
    assert caught.value.slip == (
        "cannot be a lifespan: it is an async generator function under "
        "@contextmanager. Put @asynccontextmanager there, or nothing."
    )

    registry.on_lifespan(one)
    async with registry.run():
        assert log == ["+"]


async def test_generator_function_under_asynccontextmanager(
    registry: Registry, log: list[str]
) -> None:
    """A generator function under the async decorator is told so."""

    def one() -> Iterator[None]:
        log.append("+")
        yield

    with pytest.raises(DefinitionError) as caught:
        registry.on_lifespan(asynccontextmanager(one))  # type: ignore[arg-type,call-overload]
    assert caught.value.slip == (
        "cannot be a lifespan: it is a generator function under @asynccontextmanager. "
        "Write async def, or put nothing there."
    )

    registry.on_lifespan(one)
    async with registry.run():
        assert log == ["+"]


class NoManager:
    """A class like any other."""


NO_CLASS = (
    "cannot be a lifespan: it is a class whose instances are no context managers. "
    "Does it lack __aenter__ and __aexit__?"
)


def _no_call(kind: str) -> str:
    return (
        f"cannot be a lifespan: it is of type {kind}, which cannot be called. (Options "
        "go by name, as in @on_lifespan(name='...').)"
    )


OBJECTS: list[tuple[Any, str, str]] = [
    (NoManager, "NoManager", NO_CLASS),
    (functools.partial(NoManager), "NoManager", NO_CLASS),
    ("db", "<unnamed>", _no_call("str")),
    (NoManager(), "<unnamed>", _no_call("NoManager")),
]


@pytest.mark.parametrize(("thing", "name", "slip"), OBJECTS)
def test_object_that_is_no_lifespan(
    thing: Any, name: str, slip: str, registry: Registry
) -> None:
    """A class or an object is refused with the line of the decorator."""
    with pytest.raises(DefinitionError) as caught:
        here = sys._getframe().f_lineno + 1
        registry.on_lifespan(thing)

    assert caught.value.origin == Origin(name, __file__, here)
    assert str(caught.value) == f"{caught.value.origin} {slip}"


NO_NAME = "needs a name: name='...' takes any text but '*'."


class Factory:
    def __call__(self) -> Any: ...


@pytest.mark.parametrize(
    ("thing", "options", "name"),
    [
        (lambda: (yield), {}, "<lambda>"),
        (functools.partial(lambda: (yield)), {}, "<lambda>"),
        (Factory(), {}, "<unnamed>"),
        (lambda: (yield), {"name": ""}, ""),
        (lambda: (yield), {"name": "*"}, "*"),
        (lambda: (yield), {"name": 3}, 3),
    ],
)
def test_name_is_missing(
    thing: Any, options: dict[str, Any], name: Any, registry: Registry
) -> None:
    """What has no name of its own needs one, and not every one will do."""
    with pytest.raises(DefinitionError) as caught:
        registry.on_lifespan(**options)(thing)
    assert caught.value.origin.name == name
    assert caught.value.slip == NO_NAME


def _seconds(option: str, given: str) -> str:
    return (
        f"has {option}={given}: it takes seconds above 0 (float('inf') never gives "
        "up), or None for the default."
    )


def _names(option: str, given: str) -> str:
    return f"has {option}={given}: it takes a lifespan, a name, or several of these."


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"startup_timeout": 0}, _seconds("startup_timeout", "0")),
    ({"startup_timeout": -1}, _seconds("startup_timeout", "-1")),
    ({"startup_timeout": math.nan}, _seconds("startup_timeout", "nan")),
    ({"startup_timeout": True}, _seconds("startup_timeout", "True")),
    ({"startup_timeout": "5"}, _seconds("startup_timeout", "'5'")),
    ({"shutdown_timeout": 0}, _seconds("shutdown_timeout", "0")),
    ({"shutdown_timeout": "5"}, _seconds("shutdown_timeout", "'5'")),
    ({"requires": "*"}, "has requires='*', which only after= and before= know."),
    ({"requires": ["*"]}, "has requires='*', which only after= and before= know."),
    ({"requires": 3}, _names("requires", "3")),
    ({"requires": None}, _names("requires", "None")),
    ({"after": [3]}, _names("after", "[3]")),
    ({"before": 3}, _names("before", "3")),
    ({"state_key": 3}, "has state_key=3: it takes a text, or None."),
    (
        {"enabled": "yes"},
        "has enabled='yes': it takes a bool, or a callable that gives one.",
    ),
]


@pytest.mark.parametrize(("options", "slip"), OPTIONS)
def test_bad_option(options: dict[str, Any], slip: str, registry: Registry) -> None:
    """An option that cannot be meant is refused, and says what it takes."""
    with pytest.raises(DefinitionError) as caught:
        registry.on_lifespan(name="one", **options)(lambda: (yield))
    assert caught.value.slip == slip


@pytest.mark.parametrize(
    ("function", "parameter"),
    [
        (lambda *others: (yield), "*others"),
        (lambda **others: (yield), "**others"),
    ],
)
def test_parameters_without_a_name(
    function: Callable[..., Any], parameter: str, registry: Registry
) -> None:
    """A function that takes anything names nothing that could be injected."""
    with pytest.raises(DefinitionError) as caught:
        registry.on_lifespan(name="one")(function)
    assert caught.value.slip == (
        f"takes {parameter}, which no lifespan can fill: name the lifespans that it "
        "needs. (Around it, a decorator needs functools.wraps.)"
    )


def test_unknown_option(registry: Registry) -> None:
    """An option that does not exist is Python's own TypeError."""
    on_lifespan: Any = registry.on_lifespan
    with pytest.raises(TypeError, match="'require'"):
        on_lifespan(require="db")


def test_infinite_timeouts(registry: Registry) -> None:
    """Infinity is a time limit: the one that is never over."""
    one = registry.on_lifespan(
        name="one", startup_timeout=math.inf, shutdown_timeout=math.inf
    )(lambda: (yield))
    assert [*registry] == [one]
