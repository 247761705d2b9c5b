"""Definitions in odd forms: told at the decorator, or at the plan."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import (
    DefinitionError,
    DuplicateNameError,
    EnabledError,
    PlanError,
)
from tests.core.plans import add, order


class Undecided:
    """Neither true nor false, as an array of NumPy is."""

    def __bool__(self) -> bool:
        message = "the truth of it is ambiguous"
        raise ValueError(message)


async def pool(size: int, *, name: str = "pool") -> AsyncIterator[str]:
    """Yield what has been bound."""
    yield f"{name} of {size}"


def test_enabled_is_a_coroutine_function(registry: Registry) -> None:
    """``enabled=`` refuses a coroutine function: its answer would always be a yes."""
    enabled = functools.partial(asyncio.sleep, 0, result=True)

    with pytest.raises(DefinitionError) as caught:
        add(registry, "db", enabled=enabled)

    assert f"has enabled={enabled!r}: it takes a bool, or a callable" in str(
        caught.value
    )
    assert order(registry) == ""


def test_enabled_answers_neither_true_nor_false(registry: Registry) -> None:
    """An answer of ``enabled=`` that has no truth is an error of the plan."""
    origin = add(registry, "db", enabled=Undecided).definition.origin

    with pytest.raises(PlanError) as caught:
        registry.plan()

    (error,) = caught.value.exceptions
    assert isinstance(error, EnabledError)
    assert error.origin == origin
    assert "raised ValueError: the truth of it is ambiguous" in str(error)


@pytest.mark.parametrize(
    "other",
    [
        functools.partial(pool, 2),
        functools.partial(pool, 1, name="other"),
        functools.partial(pool, size=1),
    ],
)
def test_partials_with_other_arguments(
    registry: Registry, other: functools.partial[AsyncIterator[str]]
) -> None:
    """One function with other arguments bound is another lifespan."""
    registry.on_lifespan(name="pool")(functools.partial(pool, 1))
    registry.on_lifespan(name="pool")(other)

    with pytest.raises(PlanError) as caught:
        registry.plan()

    (error,) = caught.value.exceptions
    assert isinstance(error, DuplicateNameError)


@pytest.mark.parametrize("options", [{}, {"name": "other"}])
def test_partials_with_the_same_arguments(
    registry: Registry, options: dict[str, str]
) -> None:
    """One function with the same arguments bound is the same lifespan."""
    first = registry.on_lifespan(name="pool")(functools.partial(pool, 1, **options))
    again = registry.on_lifespan(name="pool")(functools.partial(pool, 1, **options))

    assert first is again
    assert len(registry) == 1


async def test_partial_has_what_is_bound(registry: Registry) -> None:
    """A partial is entered with its arguments; what is left takes lifespans."""
    bound = registry.on_lifespan(name="pool")(functools.partial(pool, 2, name="big"))

    async with registry.run():
        assert bound.get() == "big of 2"


async def test_handle_in_a_second_registry(registry: Registry) -> None:
    """A handle that another registry takes too keeps what it wishes for."""

    @registry.on_lifespan
    async def search(index: str, cache: str = "none") -> AsyncIterator[str]:
        yield f"{index}, {cache}"

    other = Registry()
    again = other.on_lifespan(search)

    @other.on_lifespan
    async def index() -> AsyncIterator[str]:
        yield "index"

    async with other.run():
        assert again.get() == "index, none"

    @other.on_lifespan
    async def cache() -> AsyncIterator[str]:
        yield "cache"

    async with other.run():
        assert again.get() == "index, cache"
