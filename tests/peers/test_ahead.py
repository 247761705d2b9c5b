"""What others have and this library has not, as the page that compares says it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.benchmarks.requests import SCOPE
from tests.peers.behaviours import LIMIT, fail, hang, nothing
from tests.peers.forms import Around, asgi_request, reader
from tests.peers.known import PEERS, Peer
from tests.peers.talk import Talk, noting


def peer(title: str) -> Peer:
    """Return the one with this *title*; without it, there is no test."""
    (found,) = (one for one in PEERS if one.title == title)
    if found.is_missing:
        pytest.skip(f"{title} is missing")
    return found


@pytest.mark.parametrize("title", ["django-asgi-lifespan", "aiodrf-asgi-lifespan"])
async def test_receivers_may_fail_the_start(title: str) -> None:
    """The start waits for receivers of a signal, and fails where one of them does."""
    found = peer(title)
    signals = import_module(f"{found.module}.signals")

    async def receiver(**kwargs: Any) -> None:
        await fail()

    signals.asgi_startup.connect(receiver)
    try:
        async with Talk(found.form.application([noting([], "a")], nothing), {}) as talk:
            assert not await talk.start()
    finally:
        signals.asgi_startup.disconnect(receiver)


async def test_type_is_checked() -> None:
    """aiodrf-asgi-lifespan looks at the type of the value each time it is read."""
    form = peer("aiodrf-asgi-lifespan").form
    state: dict[str, Any] = {}
    async with Talk(form.with_value(1, nothing), state) as talk:
        assert await talk.start()
        request = asgi_request({**SCOPE, "state": state})
        with pytest.raises(ImproperlyConfigured, match="must be str"):
            form.get_lifespan_state(request, str)
        await talk.stop()


@pytest.mark.parametrize("one", PEERS, ids=lambda one: one.title)
async def test_lifespan_gets_the_application(one: Peer) -> None:
    """Some hand over the framework's application, one of them the one inside."""
    form = peer(one.title).form
    got: list[object] = []

    async def first(app: Any = None) -> AsyncIterator[Mapping[str, Any]]:
        got.append(app)
        yield {}

    app = form.application([first], nothing)
    async with Talk(app, {}) as talk:
        assert await talk.start()
        await talk.stop()
    inside = {"asgi-lifespan-middleware": nothing}
    assert got == [inside.get(one.title, app) if form.PARAMETER else None]


async def test_lifespan_gets_the_state() -> None:
    """fastapi-lifespan-manager hands it over, and runs sync functions in threads."""
    form = peer("fastapi-lifespan-manager").form
    got: list[object] = []

    def first() -> Iterator[Mapping[str, Any]]:
        got.append(threading.current_thread() is threading.main_thread())
        yield {"x": 1}

    async def second(app: Any, state: Mapping[str, Any]) -> AsyncIterator[None]:
        got.extend((app, state["x"]))
        yield

    app = form.application([first, second], nothing)
    async with Talk(app, {}) as talk:
        assert await talk.start()
        await talk.stop()
    assert got == [False, app, 1]


async def test_lifespans_of_another_manager() -> None:
    """fastapi-lifespan-manager takes over all of another one."""
    form = peer("fastapi-lifespan-manager").form
    log: list[str] = []
    one, other = form.LifespanManager(), form.LifespanManager()
    other.add(noting(log, "a"))
    one.include(other)
    async with Talk(form.FastAPI(lifespan=one), {}) as talk:
        assert await talk.start()
    assert log[:1] == ["+a"]


def in_background(work: Callable[[], Awaitable[None]], log: list[str]) -> None:
    """Have a request of Quart begin *work*; then stop it, with a short limit."""
    form = peer("Quart").form

    async def main() -> None:
        app = form.application([noting(log, "a")], nothing)
        form.limit(app, LIMIT)
        async with Talk(app, {}) as talk:
            assert await talk.start()
            async with app.app_context():
                app.add_background_task(work)
            assert await talk.stop()

    asyncio.run(main())


def test_background_tasks_are_waited_for() -> None:
    """Quart keeps tasks that a request begins, and its stop waits for them."""
    log: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.01)
        log.append("done")

    in_background(work, log)
    assert log == ["+a", "done", "-a"]


def test_wait_for_background_tasks_is_limited() -> None:
    """When the limit has passed, Quart cancels them, and stops the lifespans."""
    log: list[str] = []

    async def work() -> None:
        try:
            await hang()
        finally:
            log.append("cancelled")

    in_background(work, log)
    assert log == ["+a", "cancelled", "-a"]


@pytest.mark.parametrize("one", PEERS, ids=lambda one: one.title)
async def test_view_of_django_reads_the_value(one: Peer) -> None:
    """What is measured behind a server reads what the lifespan has given."""
    form = peer(one.title).form
    value, state = object(), dict[str, Any]()
    app = form.with_value(value, nothing)
    async with Talk(app, state) as talk:
        assert await talk.start()
        request = asgi_request({**SCOPE, "state": state.copy()})
        request.state = request.scope["state"]
        read = reader(form, app)
        if form.AROUND is not Around.NOTHING and read is not None:
            assert read(request) is value
        await talk.stop()
