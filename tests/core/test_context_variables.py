"""What a lifespan sets is seen by those that wait for it, and by nobody else."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

from lifespan_registry import Registry
from tests.core.waiting import both
from tests.tracked import tracked

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


def sets(
    registry: Registry, name: str, value: str, *, sync: bool, **options: Any
) -> list[str]:
    """Register a lifespan that sets the variable; return what it sees at its exit."""
    seen: list[str] = []

    async def lifespan() -> AsyncIterator[None]:
        token = tenant.set(value)
        yield
        seen.append(tenant.get())
        tenant.reset(token)
        seen.append(tenant.get())

    def sync_lifespan() -> Iterator[None]:
        token = tenant.set(value)
        yield
        seen.append(tenant.get())
        tenant.reset(token)
        seen.append(tenant.get())

    registry.on_lifespan(name=name, **options)(sync_lifespan if sync else lifespan)
    return seen


def reads(registry: Registry, name: str, *, sync: bool, **options: Any) -> list[str]:
    """Register a lifespan that reads the variable at its enter and at its exit."""
    seen: list[str] = []

    def read() -> None:
        seen.append(tenant.get())

    tracked(registry, [], name, sync=sync, enter=read, leave=read, **options)
    return seen


@both
async def test_seen_by_who_waits(registry: Registry, *, sync: bool) -> None:
    """Who waits for the one that sets sees it; who starts at the same time does not."""
    sets(registry, "a", "acme", sync=sync)
    beside = reads(registry, "beside", sync=sync)
    waits = reads(registry, "waits", sync=sync, requires="a")
    waits_for_that = reads(registry, "waits for that", sync=sync, after="waits")

    async with registry.run():
        assert tenant.get() == "nobody"

    assert waits == ["acme", "acme"]
    assert waits_for_that == ["acme", "acme"]
    assert beside == ["nobody", "nobody"]
    assert tenant.get() == "nobody"


@both
async def test_token_resets_at_exit(registry: Registry, *, sync: bool) -> None:
    """At its exit a lifespan still sees what it has set, and its token resets it."""
    tenant.set("before")
    first = sets(registry, "first", "acme", sync=sync)
    second = sets(registry, "second", "globex", sync=sync, requires="first")

    async with registry.run():
        assert tenant.get() == "before"

    assert second == ["globex", "acme"]
    assert first == ["acme", "before"]


@both
async def test_sync_and_async_see_each_other(registry: Registry, *, sync: bool) -> None:
    """What a thread sets is seen in the loop by who waits for it, and vice versa."""
    sets(registry, "a", "acme", sync=sync)
    seen = reads(registry, "b", sync=not sync, requires="a")

    async with registry.run():
        pass

    assert seen == ["acme", "acme"]


@both
async def test_two_set_the_same(registry: Registry, *, sync: bool) -> None:
    """Where two have set it, the later one in the plan wins for who waits for both."""
    sets(registry, "first", "acme", sync=sync)
    sets(registry, "second", "globex", sync=sync)
    forwards = reads(registry, "f", sync=sync, requires=["first", "second"])
    backwards = reads(registry, "b", sync=sync, requires=["second", "first"])
    only_first = reads(registry, "o", sync=sync, requires="first")

    async with registry.run():
        pass

    assert registry.plan().names[:2] == ("first", "second")
    assert forwards == ["globex", "globex"]
    assert backwards == ["globex", "globex"]
    assert only_first == ["acme", "acme"]


async def test_who_starts_first_does_not_matter(registry: Registry) -> None:
    """The plan decides between two that set the same, and not who was quicker."""
    meeting = asyncio.Event()

    @registry.on_lifespan
    async def first() -> AsyncIterator[None]:
        await meeting.wait()
        tenant.set("acme")
        yield

    @registry.on_lifespan
    async def second() -> AsyncIterator[None]:
        tenant.set("globex")
        meeting.set()
        yield

    seen = reads(registry, "both", sync=False, requires=[first, second])

    async with registry.run():
        pass

    assert seen == ["globex", "globex"]


async def test_two_that_start_at_once(registry: Registry) -> None:
    """Two that are entering at the same time each see what they set themselves."""
    meeting = asyncio.Barrier(2)
    seen: dict[str, str] = {}

    async def setter(name: str) -> None:
        tenant.set(name)
        await meeting.wait()
        seen[name] = tenant.get()

    tracked(registry, [], "one", enter=lambda: setter("one"))
    tracked(registry, [], "two", enter=lambda: setter("two"))

    async with registry.run():
        assert tenant.get() == "nobody"

    assert seen == {"one": "one", "two": "two"}


@both
async def test_outer_context_is_seen(registry: Registry, *, sync: bool) -> None:
    """Lifespans see what was set where the run is entered; it sees nothing of them."""
    tenant.set("outside")
    seen = reads(registry, "a", sync=sync)
    sets(registry, "b", "inside", sync=sync, requires="a")

    async with registry.run():
        assert tenant.get() == "outside"

    assert seen == ["outside", "outside"]


async def test_applied_for_a_request(registry: Registry) -> None:
    """A run sets what its lifespans have set, but not over what a request has set."""
    sets(registry, "a", "acme", sync=False)

    async with registry.run() as run:
        request = contextvars.copy_context()
        request.run(run.apply_variables)
        own = contextvars.copy_context()
        own.run(tenant.set, "own")
        own.run(run.apply_variables)

        assert request[tenant] == "acme"
        assert own[tenant] == "own"
        assert tenant.get() == "nobody"
