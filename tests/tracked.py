"""Lifespans that note what happens to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from lifespan_registry import Lifespan, Registry

Hook = Callable[[], Any]


def tracked(
    registry: Registry,
    log: list[str],
    name: str,
    *,
    sync: bool = False,
    enter: Hook | None = None,
    leave: Hook | None = None,
    **options: Any,
) -> Lifespan[str]:
    """Register a lifespan that notes ``+name`` at enter and ``-name`` at exit.

    *enter* is called before the first note, *leave* before the second; where one
    returns an awaitable, that is awaited. It yields its own name.
    """

    async def lifespan() -> AsyncIterator[str]:
        if enter is not None and (waiting := enter()) is not None:
            await waiting
        log.append(f"+{name}")
        yield name
        if leave is not None and (waiting := leave()) is not None:
            await waiting
        log.append(f"-{name}")

    def sync_lifespan() -> Iterator[str]:
        if enter is not None:
            enter()
        log.append(f"+{name}")
        yield name
        if leave is not None:
            leave()
        log.append(f"-{name}")

    if sync:
        return registry.on_lifespan(name=name, **options)(sync_lifespan)
    return registry.on_lifespan(name=name, **options)(lifespan)


def boom(text: str = "boom", kind: type[BaseException] = RuntimeError) -> Hook:
    """Return what raises *kind* when it is called."""

    def raise_it() -> None:
        raise kind(text)

    return raise_it
