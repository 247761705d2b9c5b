"""What type checkers refuse: each line here must be an error for both of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from lifespan_registry import Lifespan, Registry, Run, State, on_lifespan
from lifespan_registry.asgi import LifespanApplication


@on_lifespan
async def client(seconds: float) -> AsyncIterator[httpx.AsyncClient]:
    yield httpx.AsyncClient(timeout=seconds)


@on_lifespan
def files() -> Iterator[bytes]:
    yield b""


class NoManager:
    pass


def plain() -> int:
    return 1


async def coroutine() -> int:
    return 1


on_lifespan(coroutine)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType,reportCallIssue]
on_lifespan(plain)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType,reportCallIssue]
on_lifespan(NoManager)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType,reportCallIssue]
on_lifespan("client")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType,reportCallIssue]
on_lifespan(name="x")(coroutine)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType,reportCallIssue]
on_lifespan(name="x")(NoManager)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType,reportCallIssue]
on_lifespan(name=3)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
on_lifespan(require="client")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
on_lifespan(requires=3)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
on_lifespan(startup_timeout="5")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
on_lifespan(state_key=3)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
on_lifespan(enabled="yes")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]

number: int = client.get()  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
wrong: Lifespan[int] = client  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
client()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
client("5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
client(5, 6)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
client(5, wait=5)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


async def wrong_ways() -> None:
    async with files():  # type: ignore[attr-defined] # pyright: ignore[reportGeneralTypeIssues]
        pass
    with client(5):  # type: ignore[attr-defined] # pyright: ignore[reportGeneralTypeIssues]
        pass
    with Registry().run():  # type: ignore[attr-defined] # pyright: ignore[reportGeneralTypeIssues]
        pass


async def application(scope: object, receive: object, send: object) -> None: ...


Registry().override([1])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
Registry().override({1: 2})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType]
on_lifespan(tags=3)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
Registry().run(only=3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
Registry().plan(wrong="x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
State(5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
LifespanApplication()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
LifespanApplication(5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
LifespanApplication(plain)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
LifespanApplication(application, registry="default")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def fetch(url: str) -> bytes:
    return url.encode()


def sync_code(run: Run) -> None:
    run.call(fetch)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    run.call(fetch, 5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    run.call(fetch("/"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    run.call(plain)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
