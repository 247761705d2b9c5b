"""A parameter names a lifespan that has started, and receives what it yielded."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from lifespan_registry import Registry
from tests.tracked import tracked

Seen = dict[str, Any]


async def test_required_parameters_of_every_kind(
    registry: Registry, log: list[str]
) -> None:
    """Positional-only, plain and keyword-only parameters are filled by name."""
    for name in "abc":
        tracked(registry, log, name)

    @registry.on_lifespan
    async def one(b: str, /, a: str, *, c: str) -> AsyncIterator[Seen]:
        yield {"seen": (a, b, c)}

    async with registry.run() as run:
        assert run.state.seen == ("a", "b", "c")


async def test_sync_lifespan_and_decorated_one(
    registry: Registry, log: list[str]
) -> None:
    """A sync lifespan and one under @asynccontextmanager are filled likewise."""
    tracked(registry, log, "a")

    @registry.on_lifespan
    def one(a: str) -> Iterator[str]:
        yield f"one of {a}"

    @registry.on_lifespan
    @asynccontextmanager
    async def two(one: str) -> AsyncIterator[str]:
        yield f"two of {one}"

    async with registry.run():
        assert two.get() == "two of one of a"


async def test_default_is_a_wish(registry: Registry, log: list[str]) -> None:
    """A parameter with a default is filled where such a lifespan is, else left."""
    tracked(registry, log, "present")

    @registry.on_lifespan(name="one")
    async def one(
        missing: str = "default", present: str = "default", *, none: str = "default"
    ) -> AsyncIterator[Seen]:
        yield {"seen": (missing, present, none)}

    async with registry.run() as run:
        assert run.state.seen == ("default", "present", "default")
    async with registry.run(only=one) as run:
        assert run.state.seen == ("default", "default", "default")


async def test_positional_wish_before_a_filled_one(
    registry: Registry, log: list[str]
) -> None:
    """A positional-only wish that stays open does not shift those behind it."""
    tracked(registry, log, "present")

    @registry.on_lifespan
    async def one(
        missing: str = "default", present: str = "default", /
    ) -> AsyncIterator[Seen]:
        yield {"seen": (missing, present)}

    async with registry.run() as run:
        assert run.state.seen == ("default", "present")


async def test_wish_waits(registry: Registry, log: list[str]) -> None:
    """One that may take a value starts after the one that has it."""

    @registry.on_lifespan
    async def early(late: str = "") -> AsyncIterator[None]:
        log.append(f"early with {late}")
        yield

    tracked(registry, log, "late")
    async with registry.run():
        assert log == ["+late", "early with late"]


async def test_none_is_a_value(registry: Registry, log: list[str]) -> None:
    """A lifespan that yields None fills a parameter with it, default or not."""

    @registry.on_lifespan
    async def nothing() -> AsyncIterator[None]:
        yield

    @registry.on_lifespan
    async def one(nothing: object = "default") -> AsyncIterator[Seen]:
        yield {"seen": nothing}

    async with registry.run() as run:
        assert run.state.seen is None


class Pool:
    """It has settings of its own, and needs an address."""

    def __init__(
        self,
        dsn: str,
        size: int = 10,
        *others: object,
        debug: bool = False,
        **more: Any,
    ) -> None:
        self.settings = (dsn, size, others, debug, more)

    async def __aenter__(self) -> tuple[object, ...]:
        return self.settings

    async def __aexit__(self, *args: object) -> None: ...


async def test_defaults_of_a_class_are_its_own(
    registry: Registry, log: list[str]
) -> None:
    """Of a class only the parameters without a default ask for lifespans."""
    for name in ("dsn", "size", "debug", "others", "more"):
        tracked(registry, log, name)
    pool = registry.on_lifespan(Pool)

    async with registry.run():
        assert pool.get() == ("dsn", 10, (), False, {})


async def test_defaults_of_a_partial_are_its_own(
    registry: Registry, log: list[str]
) -> None:
    """What a partial object has fixed is no business of other lifespans."""
    for name in ("dsn", "size"):
        tracked(registry, log, name)
    fixed = registry.on_lifespan(name="fixed")(functools.partial(Pool, dsn="mine"))
    half = registry.on_lifespan(name="half")(functools.partial(Pool, size=1))
    first = registry.on_lifespan(name="first")(functools.partial(Pool, "first"))

    async with registry.run():
        assert fixed.get() == ("mine", 10, (), False, {})
        assert half.get() == ("dsn", 1, (), False, {})
        assert first.get() == ("first", 10, (), False, {})


async def test_defaults_of_a_callable_are_its_own(
    registry: Registry, log: list[str]
) -> None:
    """Of an object that can be called only parameters without a default ask."""
    for name in ("dsn", "size"):
        tracked(registry, log, name)

    class Factory:
        def __call__(self, dsn: str, size: int = 5) -> Pool:
            return Pool(dsn, size)

    pool = registry.on_lifespan(name="pool")(Factory())
    async with registry.run():
        assert pool.get() == ("dsn", 5, (), False, {})


async def test_defaults_of_a_lambda_are_wishes(
    registry: Registry, log: list[str]
) -> None:
    """A lambda is a function: its parameters with a default are wishes."""
    tracked(registry, log, "dsn")
    pool = registry.on_lifespan(name="pool")(lambda dsn="", size=3: Pool(dsn, size))
    async with registry.run():
        assert pool.get() == ("dsn", 3, (), False, {})


async def test_class_without_a_signature(registry: Registry) -> None:
    """A class that does not tell what it takes is called with nothing."""

    class Table(dict[str, int]):
        async def __aenter__(self) -> dict[str, int]:
            return self

        async def __aexit__(self, *args: object) -> None: ...

    table = registry.on_lifespan(name="table", state_key="table")(Table)
    async with registry.run():
        assert table.get() == {}
