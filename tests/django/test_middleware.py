"""The middleware: the state on the request, at no cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from lifespan_registry import Registry, State
from lifespan_registry.exceptions import CrashedError, MissingKeyError
from lifespan_registry.middleware import LifespanStateMiddleware
from tests.core.waiting import until


def keep(request: Any) -> Any:
    """Answer with the request itself."""
    return request


def asgi_request(**scope: Any) -> ASGIRequest:
    """Make a request as an ASGI server with *scope* does."""
    request = AsyncRequestFactory().get("/")
    request.scope.update(scope)
    return request


def test_sync_chain_stays_sync() -> None:
    """Around a sync handler the middleware is sync, and returns what that returns."""
    response = HttpResponse()
    middleware = LifespanStateMiddleware(lambda _: response)

    assert not iscoroutinefunction(middleware)
    assert middleware(RequestFactory().get("/")) is response


async def test_async_chain_gets_no_coroutine_more() -> None:
    """Around an async handler it returns that one's own coroutine."""
    made: list[Any] = []

    async def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.path)

    def handler(request: HttpRequest) -> Any:
        made.append(answer(request))
        return made[0]

    sync = LifespanStateMiddleware(handler)
    coroutine = sync(asgi_request())

    assert [coroutine] == made
    assert (await coroutine).content == b"/"
    assert not iscoroutinefunction(sync)
    assert iscoroutinefunction(LifespanStateMiddleware(answer))


def test_state_of_the_server() -> None:
    """The state is a view of the scope's, by key and by attribute, in both ways."""
    state = {"db": object()}
    request = LifespanStateMiddleware(keep)(asgi_request(state=state))

    assert type(request.state) is State
    assert request.state["db"] is state["db"]
    assert request.state.db is state["db"]
    request.state.user = "ada"
    assert state["user"] == "ada"
    assert request.scope["state"] is state


def test_missing_key_lists_what_is_there() -> None:
    """A key that nobody has published is one error, which lists the others."""
    request = LifespanStateMiddleware(keep)(asgi_request(state={"db": 1, "http": 2}))

    with pytest.raises(MissingKeyError) as by_key:
        request.state["htpp"]
    with pytest.raises(AttributeError) as by_attribute:
        _ = request.state.htpp

    assert (
        str(by_key.value)
        == str(by_attribute.value)
        == ("the state has no 'htpp'. Did you mean 'http'?\nPublished are: db, http.")
    )


@pytest.mark.parametrize(
    "request_", [asgi_request(), RequestFactory().get("/")], ids=["asgi", "wsgi"]
)
def test_nothing_has_been_started(request_: Any) -> None:
    """Without a run the state is empty, and says why that may be."""
    request = LifespanStateMiddleware(keep)(request_)

    assert dict(request.state) == {}
    with pytest.raises(MissingKeyError) as missing:
        request.state["db"]
    assert str(missing.value) == (
        "the state has no 'db': it is empty. Have the lifespans been started? Is the "
        "application wrapped in LifespanApplication?"
    )


async def test_value_of_a_crashed_lifespan(default: Registry) -> None:
    """Of a lifespan that has crashed, the state of a request says when, and of what."""
    crash = asyncio.Event()

    @default.on_lifespan
    async def worker() -> AsyncIterator[str]:
        async def child() -> None:
            await crash.wait()
            raise ConnectionError("lost the broker")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child())
            yield "worker"

    async with default.run() as run:
        crash.set()
        await until(lambda: run.report["worker"].error is not None)
        request = LifespanStateMiddleware(keep)(asgi_request())
        with pytest.raises(CrashedError) as crashed:
            worker.get(request)
        with pytest.raises(MissingKeyError) as by_key:
            request.state["worker"]
        with pytest.raises(MissingKeyError) as by_attribute:
            _ = request.state.worker

    assert "of ConnectionError: lost the broker (in an Exc" in str(crashed.value)
    assert (
        str(by_key.value)
        == str(by_attribute.value)
        == f"the state has no 'worker': {crashed.value}"
    )


async def test_state_that_no_server_has_brought(default: Registry) -> None:
    """Where there is no state in the scope, each request gets a copy of the run's."""

    @default.on_lifespan
    async def db() -> AsyncIterator[list[str]]:
        yield ["row"]

    middleware = LifespanStateMiddleware(keep)
    async with default.run() as run:
        first, second = middleware(asgi_request()), middleware(asgi_request())
        wsgi = middleware(RequestFactory().get("/"))
        value = run.state["db"]
        assert [one.state["db"] for one in (first, second, wsgi)] == [value] * 3
        assert first.scope["state"]["db"] is value
        assert [db.get(one) for one in (first, wsgi, wsgi.state)] == [value] * 3

        first.state.db = "of this request alone"
        assert (db.get(first), db.get(second), db.get()) == (
            "of this request alone",
            value,
            value,
        )
