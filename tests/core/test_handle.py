"""What ``@on_lifespan`` returns: a handle that still does what the function did."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import types
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

import lifespan_registry
from lifespan_registry import Lifespan, Registry, default_registry
from lifespan_registry.exceptions import Origin


async def search(client: str) -> AsyncIterator[str]:
    """Find things."""
    yield f"search with {client}"


def files(root: str) -> Iterator[str]:
    """Keep things."""
    yield f"files in {root}"


class Pool:
    """Connections."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    async def __aenter__(self) -> str:
        return f"pool to {self.dsn}"

    async def __aexit__(self, *args: object) -> None: ...


def test_it_looks_like_the_function(registry: Registry) -> None:
    """The handle keeps the name, the docstring and the signature of the function."""
    handle = registry.on_lifespan(search)
    origin = Origin("search", __file__, search.__code__.co_firstlineno)

    assert type(handle) is Lifespan
    assert handle.name == "search"
    assert handle.__wrapped__ is search
    kept = ("__doc__", "__module__", "__name__", "__qualname__")
    for name in kept:
        assert getattr(handle, name) == getattr(search, name)
    assert inspect.signature(handle) == inspect.signature(search)
    assert repr(handle) == f"<Lifespan {origin}>"
    assert f"{registry!r} {Registry()!r}" == "<Registry: search> <Registry: empty>"


def test_a_given_name_is_the_name(registry: Registry) -> None:
    """The name in the registry may be another one than the function's."""
    handle = registry.on_lifespan(name="find")(search)
    assert (handle.name, handle.__name__) == ("find", "search")  # type: ignore[attr-defined]
    assert [one.name for one in registry] == ["find"]


@pytest.mark.parametrize("function", [search, asynccontextmanager(search)])
async def test_call_of_an_async_one(function: Any, registry: Registry) -> None:
    """Called with fakes, an async lifespan is its context manager, without a run."""
    handle = registry.on_lifespan(function)
    async with handle("a fake") as positional:
        assert positional == "search with a fake"
    async with handle(client="a fake") as keyword:
        assert keyword == "search with a fake"


@pytest.mark.parametrize("function", [files, contextmanager(files)])
def test_call_of_a_sync_one(function: Any, registry: Registry) -> None:
    """Called with fakes, a sync lifespan is its context manager, in this thread."""
    handle = registry.on_lifespan(function)
    with handle("/tmp") as found:
        assert found == "files in /tmp"


async def test_call_of_a_class(registry: Registry) -> None:
    """Called, a class that is a lifespan makes an instance."""
    handle = registry.on_lifespan(Pool)
    manager: Any = handle("a fake")
    assert type(manager) is Pool
    async with manager as pool:
        assert pool == "pool to a fake"


def test_partial_has_no_name_of_its_own(registry: Registry) -> None:
    """A partial object is registered under the name of its function."""
    handle = registry.on_lifespan(functools.partial(search, "a fake"))
    assert handle.name == "search"


def test_both_forms_of_the_decorator(registry: Registry) -> None:
    """The decorator works with parentheses, without them, and with empty ones."""
    one = registry.on_lifespan(search)
    two = registry.on_lifespan()(files)
    three = registry.on_lifespan(name="three")(files)
    assert [*registry] == [one, two, three]
    assert len(registry) == 3


def test_default_registry() -> None:
    """The decorator of the package is the method of the default registry."""
    assert lifespan_registry.on_lifespan == default_registry.on_lifespan
    assert isinstance(default_registry, Registry)


def test_one_parameter_is_enough_at_runtime() -> None:
    """``Lifespan[int]`` can be evaluated, as annotations are."""
    alias: Any = Lifespan[int]
    assert isinstance(alias, types.GenericAlias)
    assert (alias.__origin__, alias.__args__) == (Lifespan, (int,))


def test_handle_taken_for_the_value(registry: Registry) -> None:
    """Who asks a handle for what the value has is told where the value is."""
    handle = registry.on_lifespan(name="http_client")(search)
    with pytest.raises(AttributeError) as caught:
        _ = handle.headers  # type: ignore[attr-defined]
    assert str(caught.value) == (
        "a Lifespan has no attribute 'headers': the value is http_client.get()"
    )
    assert caught.value.name == "headers"
    assert caught.value.obj is handle
    assert not hasattr(handle, "headers")
    assert getattr(handle, "headers", None) is None


@pytest.mark.parametrize(
    "remake", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_handle_is_remade(remake: Any, registry: Registry) -> None:
    """A handle can be copied, and pickled if that which it opens can."""
    handle = registry.on_lifespan(name="pool")(Pool)
    again = remake(handle)
    assert type(again) is Lifespan
    assert (again.name, again.__wrapped__) == ("pool", Pool)


def test_unready_handle_does_not_recurse() -> None:
    """An instance that has not been initialised yet raises AttributeError for all."""
    handle: Any = Lifespan.__new__(Lifespan)
    for name in ("__setstate_of_nobody__", "name", "definition"):
        with pytest.raises(AttributeError) as caught:
            getattr(handle, name)
        assert str(caught.value) == (
            f"a Lifespan has no attribute {name!r}: the value is lifespan.get()"
        )


def test_handle_is_inspected(registry: Registry) -> None:
    """What looks into objects finds in a handle what was there before it looked."""
    handle = registry.on_lifespan(search)
    found = dict(inspect.getmembers(handle))
    assert (found["name"], found["__wrapped__"]) == ("search", search)
    assert inspect.unwrap(handle) is search
    assert inspect.getdoc(handle) == "Find things."
    assert not inspect.isasyncgenfunction(handle)
    assert not inspect.iscoroutinefunction(handle)
    assert not inspect.isawaitable(handle)


async def test_handle_in_another_registry(registry: Registry) -> None:
    """A handle can be registered elsewhere, and is another lifespan there."""
    other = Registry()
    handle = registry.on_lifespan(name="client")(
        lambda: asynccontextmanager(search)("")
    )
    again = other.on_lifespan(name="again")(handle)
    async with other.run():
        assert again.get() == "search with "
    assert handle is not again
    assert [*registry] == [handle]
