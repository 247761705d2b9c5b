"""Every form that a lifespan may have: each notes its enter and its exit."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import Any

from lifespan_registry import Lifespan, Registry

Note = Callable[[str], None]
Make = Callable[[Registry, Note], Lifespan[Any]]


class AsyncManager:
    """An async context manager as people write them."""

    def __init__(self, note: Note) -> None:
        self.note = note

    async def __aenter__(self) -> str:
        self.note("+")
        return "value"

    async def __aexit__(self, *args: object) -> None:
        self.note("-")


class SyncManager:
    """A context manager as people write them."""

    def __init__(self, note: Note) -> None:
        self.note = note

    def __enter__(self) -> str:
        self.note("+")
        return "value"

    def __exit__(self, *args: object) -> None:
        self.note("-")


class Both(AsyncManager, SyncManager):
    """It can be entered in either way."""


async def agen(note: Note) -> AsyncIterator[str]:
    note("+")
    yield "value"
    note("-")


def gen(note: Note) -> Iterator[str]:
    note("+")
    yield "value"
    note("-")


def async_generator_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    async def one() -> AsyncIterator[str]:
        note("+")
        yield "value"
        note("-")

    return one


def asynccontextmanager_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    @asynccontextmanager
    async def one() -> AsyncIterator[str]:
        note("+")
        yield "value"
        note("-")

    return one


def async_class(registry: Registry, note: Note) -> Lifespan[Any]:
    class one(AsyncManager):  # noqa: N801
        def __init__(self) -> None:
            super().__init__(note)

    return registry.on_lifespan(one)


def class_of_both(registry: Registry, note: Note) -> Lifespan[Any]:
    return registry.on_lifespan(name="one")(functools.partial(Both, note))


def annotated_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> AsyncManager:
        return AsyncManager(note)

    return one


def abstract_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> AbstractAsyncContextManager[str]:
        return AsyncManager(note)

    return one


def bare_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one():  # type: ignore[no-untyped-def] # noqa: ANN202
        return AsyncManager(note)

    return one


def any_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> Any:
        return AsyncManager(note)

    return one


def union_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> AsyncManager | Both:
        return AsyncManager(note)

    return one


def wrong_name_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> KnownToCheckersAlone:  # type: ignore[name-defined] # noqa: F821
        return AsyncManager(note)

    return one


def async_lambda(registry: Registry, note: Note) -> Lifespan[Any]:
    return registry.on_lifespan(name="one")(lambda: AsyncManager(note))


def partial_of_async_generator(registry: Registry, note: Note) -> Lifespan[Any]:
    return registry.on_lifespan(name="one")(functools.partial(agen, note))


def partial_of_manager(registry: Registry, note: Note) -> Lifespan[Any]:
    function = functools.partial(asynccontextmanager(agen), note)
    return registry.on_lifespan(name="one")(function)


def bound_method(registry: Registry, note: Note) -> Lifespan[Any]:
    class Owner:
        async def one(self) -> AsyncIterator[str]:
            note("+")
            yield "value"
            note("-")

    return registry.on_lifespan(Owner().one)


def callable_object(registry: Registry, note: Note) -> Lifespan[Any]:
    class Factory:
        def __call__(self) -> AsyncManager:
            return AsyncManager(note)

    return registry.on_lifespan(name="one")(Factory())


def generator_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> Iterator[str]:
        note("+")
        yield "value"
        note("-")

    return one


def contextmanager_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    @contextmanager
    def one() -> Iterator[str]:
        note("+")
        yield "value"
        note("-")

    return one


def sync_class(registry: Registry, note: Note) -> Lifespan[Any]:
    class one(SyncManager):  # noqa: N801
        def __init__(self) -> None:
            super().__init__(note)

    return registry.on_lifespan(one)


def partial_of_sync_class(registry: Registry, note: Note) -> Lifespan[Any]:
    return registry.on_lifespan(name="one")(functools.partial(SyncManager, note))


def annotated_sync_function(registry: Registry, note: Note) -> Lifespan[Any]:
    @registry.on_lifespan
    def one() -> AbstractContextManager[str]:
        return SyncManager(note)

    return one


def sync_lambda(registry: Registry, note: Note) -> Lifespan[Any]:
    return registry.on_lifespan(name="one")(lambda: SyncManager(note))


def partial_of_generator(registry: Registry, note: Note) -> Lifespan[Any]:
    return registry.on_lifespan(name="one")(functools.partial(gen, note))


ASYNC: list[Make] = [
    async_generator_function,
    asynccontextmanager_function,
    async_class,
    class_of_both,
    annotated_function,
    abstract_function,
    bare_function,
    any_function,
    union_function,
    wrong_name_function,
    async_lambda,
    partial_of_async_generator,
    partial_of_manager,
    bound_method,
    callable_object,
]
SYNC: list[Make] = [
    generator_function,
    contextmanager_function,
    sync_class,
    partial_of_sync_class,
    annotated_sync_function,
    sync_lambda,
    partial_of_generator,
]
