"""What the decorator makes of each form of a lifespan."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from types import TracebackType
from typing import Any, Self, assert_type

import httpx

from lifespan_registry import Lifespan, Registry, on_lifespan

# --- async ---------------------------------------------------------------------------


@on_lifespan
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


assert_type(http_client.get(), httpx.AsyncClient)
assert_type(http_client.name, str)


@on_lifespan(name="bounded", requires=http_client, after=["db", http_client])
async def bounded() -> AsyncGenerator[int, None]:
    yield 5


assert_type(bounded.get(), int)


@on_lifespan
@asynccontextmanager
async def wrapped() -> AsyncGenerator[httpx.AsyncClient, None]:
    yield httpx.AsyncClient()


assert_type(wrapped.get(), httpx.AsyncClient)


@on_lifespan(state_key=None, startup_timeout=5, enabled=lambda: True)
@asynccontextmanager
async def wrapped_and_called() -> AsyncGenerator[httpx.AsyncClient, None]:
    yield httpx.AsyncClient()


assert_type(wrapped_and_called.get(), httpx.AsyncClient)


@on_lifespan
async def nothing() -> AsyncIterator[None]:
    yield


assert_type(nothing.get(), None)


@on_lifespan()
async def mapping() -> AsyncIterator[dict[str, int]]:
    yield {"a": 1}


assert_type(mapping.get(), dict[str, int])


# --- sync ----------------------------------------------------------------------------


@on_lifespan
def files() -> Iterator[bytes]:
    yield b""


assert_type(files.get(), bytes)


@on_lifespan(shutdown_timeout=float("inf"))
def files_called() -> Generator[bytes, None, None]:
    yield b""


assert_type(files_called.get(), bytes)


@on_lifespan
@contextmanager
def wrapped_files() -> Generator[bytes, None, None]:
    yield b""


assert_type(wrapped_files.get(), bytes)


# --- classes, and what is like them --------------------------------------------------


class Pool:
    def __init__(self, dsn: str, size: int = 10) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Lock:
    def __enter__(self) -> int:
        return 1

    def __exit__(self, *args: object) -> None: ...


pool = on_lifespan(name="pool")(Pool)
assert_type(pool.get(), Pool)
lock = on_lifespan(Lock)
assert_type(lock.get(), int)
client = on_lifespan(httpx.AsyncClient)
assert_type(client.get(), httpx.AsyncClient)
sync_client = on_lifespan(name="sync_client")(httpx.Client)
assert_type(sync_client.get(), httpx.Client)


def make_pool(dsn: str) -> AbstractAsyncContextManager[Pool]:
    return Pool(dsn)


made_pool = on_lifespan(make_pool)
assert_type(made_pool.get(), Pool)
partial_pool = on_lifespan(name="partial")(functools.partial(Pool, size=5))
assert_type(partial_pool.get(), Pool)
partial_lock = on_lifespan(name="partial_lock")(functools.partial(Lock))
assert_type(partial_lock.get(), int)
lambda_pool = on_lifespan(name="lambda")(lambda: Pool(""))
assert_type(lambda_pool.get(), Pool)


# --- calling a handle ----------------------------------------------------------------


class Search:
    def __init__(self, client: httpx.AsyncClient) -> None: ...


@on_lifespan
async def search(
    http_client: httpx.AsyncClient, *, limit: int = 3
) -> AsyncIterator[Search]:
    yield Search(http_client)


@on_lifespan(name="find")
def find(root: str) -> Iterator[Search]:
    yield Search(httpx.AsyncClient())


async def test_search() -> None:
    assert_type(
        search(httpx.AsyncClient()), AbstractAsyncContextManager[Search, bool | None]
    )
    async with search(http_client=httpx.AsyncClient(), limit=5) as one:
        assert_type(one, Search)
    async with pool("dsn", size=5) as two:
        assert_type(two, Pool)
    async with wrapped() as three:
        assert_type(three, httpx.AsyncClient)
    with find("/") as four:
        assert_type(four, Search)
    with lock() as five:
        assert_type(five, int)
    with wrapped_files() as six:
        assert_type(six, bytes)


def test_find() -> AbstractContextManager[Search]:
    return find(root="/")


# --- annotations ---------------------------------------------------------------------

annotated: Lifespan[httpx.AsyncClient] = http_client
annotated_sync: Lifespan[bytes] = files
annotated_class: Lifespan[Pool] = pool
wider: Lifespan[object] = http_client
several: list[Lifespan[Any]] = [http_client, files, pool]
assert_type(annotated.get(), httpx.AsyncClient)


def takes(lifespan: Lifespan[int]) -> int:
    return lifespan.get()


takes(bounded)
takes(lock)


# --- a registry of one's own ---------------------------------------------------------

registry = Registry()


@registry.on_lifespan
async def own() -> AsyncIterator[int]:
    yield 1


@registry.on_lifespan(before="*")
async def own_called() -> AsyncIterator[int]:
    yield 1


assert_type(own.get(), int)
assert_type(own_called.get(), int)
again = registry.on_lifespan(name="again")(http_client)
assert_type(again.get(), httpx.AsyncClient)
