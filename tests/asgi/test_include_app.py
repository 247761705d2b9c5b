"""The lifespan of another ASGI application as one of ours."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.exceptions import (
    ApplicationError,
    CrashedError,
    DefinitionError,
    LifespanError,
    NotStartedError,
    StartupError,
    StartupTimeoutError,
    StoppedError,
)
from lifespan_registry.mounting import IncludedApp, PathDispatcher, include_app
from tests.asgi.servers import (
    START_FAILED,
    STARTED,
    STARTUP,
    STOP_FAILED,
    Plain,
    Server,
    keys,
    logged,
)
from tests.core.processes import output_of
from tests.core.waiting import some_steps, until
from tests.tracked import tracked

HERE = os.path.relpath(__file__)


class Shop:
    """An application of Starlette's, with a task group that its lifespan holds open."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.crash = asyncio.Event()
        self.tasks: set[Any] = set()
        self.app = Starlette(
            routes=[
                Route("/{rest:path}", self.view),
                WebSocketRoute("/{rest:path}", self.talk),
            ],
            lifespan=self.lifespan,
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[dict[str, Any]]:
        """Hold a task group across the yield."""
        self.tasks.add(asyncio.current_task())
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self.keep())
            self.log.append("+shop")
            yield {"stock": self}
            self.log.append("-shop")
            self.tasks.add(asyncio.current_task())
            keeper.cancel()

    async def keep(self) -> None:
        """Crash when that is asked for."""
        await self.crash.wait()
        message = "the roof is leaking"
        raise OSError(message)

    async def view(self, request: Request) -> JSONResponse:
        """Say what is in the state."""
        return JSONResponse(keys(request.scope))

    async def talk(self, socket: WebSocket) -> None:
        """Say the same to a websocket."""
        await socket.accept()
        await socket.send_json(keys(socket.scope))
        await socket.close()


@pytest.fixture(name="shop")
def _shop(log: list[str]) -> Shop:
    return Shop(log)


def line() -> int:
    """Return the line of the caller."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


async def ask(application: Any, path: str) -> Any:
    """Send a GET; return its JSON."""
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return (await client.get(path)).raise_for_status().json()


def beside(registry: Registry, app: IncludedApp) -> LifespanApplication:
    """Mount *app* beside a plain one that answers with the keys of its state."""

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await JSONResponse(keys(scope))(scope, receive, send)

    return LifespanApplication(PathDispatcher(plain, {"/s": app}), registry=registry)


async def test_its_lifespan_is_one_of_ours(
    registry: Registry, log: list[str], shop: Shop
) -> None:
    """It starts after what it requires, stops before that, and stays in one task."""
    tracked(registry, log, "db")
    app = include_app(shop.app, name="shop", registry=registry, requires="db")

    @registry.on_lifespan(requires=app)
    async def last() -> AsyncIterator[None]:
        log.append("+last")
        yield
        log.append("-last")

    async with registry.run() as run:
        assert app.lifespan.get()["stock"] is shop
        assert run.report["shop"].status is Status.STARTED
    assert log == ["+db", "+shop", "+last", "-last", "-shop", "-db"]
    assert len(shop.tasks) == 1


async def test_its_state_reaches_its_own_requests(
    registry: Registry, log: list[str], shop: Shop
) -> None:
    """Its requests have what all have, and its own on top; others have not."""
    tracked(registry, log, "db")
    app = include_app(shop.app, name="shop", registry=registry)
    application = beside(registry, app)

    async with registry.run():
        assert await ask(application, "/s/x") == ["db", "stock"]
        assert await ask(application, "/x") == ["db"]


async def test_its_state_can_be_published(registry: Registry, shop: Shop) -> None:
    """With ``state_key=`` all requests have it, as one mapping."""
    app = include_app(shop.app, name="shop", registry=registry, state_key="of_shop")
    application = beside(registry, app)

    async with registry.run() as run:
        assert await ask(application, "/s/x") == ["of_shop", "stock"]
        assert await ask(application, "/x") == ["of_shop"]
        assert run.state.of_shop["stock"] is shop


async def test_handles_lead_to_values_in_its_requests(registry: Registry) -> None:
    """``.get(request)`` works in it, with the request of its own framework."""

    @registry.on_lifespan
    async def number() -> AsyncIterator[int]:
        yield 7

    async def view(request: Request) -> JSONResponse:
        return JSONResponse([number.get(request), number.get(), request.state.number])

    starlette = Starlette(routes=[Route("/", view)])
    app = include_app(starlette, name="shop", registry=registry)
    async with registry.run():
        assert await ask(beside(registry, app), "/s/") == [7, 7, 7]


async def test_websockets_have_its_state(registry: Registry, shop: Shop) -> None:
    """A websocket is served likewise."""
    app = include_app(shop.app, name="shop", registry=registry)
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message.get("text"))

    async with registry.run():
        scope = {"type": "websocket", "path": "/s/x", "headers": [], "state": {}}
        await beside(registry, app)(scope, receive, send)
    assert '["stock"]' in said


async def test_failed_start(registry: Registry, log: list[str]) -> None:
    """It fails the start by its name and place; what had started is stopped."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        message = "no licence"
        raise OSError(message)
        yield

    tracked(registry, log, "db")
    starlette = Starlette(lifespan=lifespan)
    app = include_app(starlette, name="shop", registry=registry, after="db"); here = line()  # noqa: E501, E702 # fmt: skip
    server = Server(LifespanApplication(Plain(), registry=registry))

    answer = await server.start()

    assert answer["type"] == START_FAILED
    assert answer["message"] == (
        f"1 lifespan failed to start:\n    'shop' ({HERE}:{here}): ApplicationError: "
        "the lifespan of the application (Starlette) failed at its startup: OSError: "
        "no licence"
    )
    assert log == ["+db", "-db"]
    assert repr(app) == f"<IncludedApp 'shop' ({HERE}:{here})>"


async def test_start_that_takes_too_long(registry: Registry) -> None:
    """Its start has a time limit."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.Event().wait()

    include_app(app, name="shop", registry=registry, startup_timeout=0.05)
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    assert [type(one) for one in caught.value.exceptions] == [StartupTimeoutError]


async def test_crash_while_serving(
    registry: Registry, log: list[str], shop: Shop
) -> None:
    """A crash is noticed; its requests say so, and the others stay up."""
    tracked(registry, log, "db")
    app = include_app(shop.app, name="shop", registry=registry)
    application = beside(registry, app)

    async with registry.run() as run:
        shop.crash.set()
        await until(lambda: run.report["shop"].status is Status.CRASHED)
        with pytest.raises(CrashedError) as caught:
            await ask(application, "/s/x")
        assert "the roof is leaking" in str(caught.value)
        assert await ask(application, "/x") == ["db"]
    assert log == ["+db", "+shop", "-db"]


async def test_not_started(registry: Registry, shop: Shop) -> None:
    """Where nothing has started it, a request says so; after the stop likewise."""
    app = include_app(shop.app, name="shop", registry=registry)
    with pytest.raises(NotStartedError):
        await ask(app, "/")
    async with registry.run():
        assert await ask(app, "/") == ["stock"]
    with pytest.raises(StoppedError):
        await ask(app, "/")


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    """Serve no lifespan, as Django."""
    if scope["type"] == "lifespan":
        message = "only HTTP"
        raise ValueError(message)
    await JSONResponse(keys(scope))(scope, receive, send)


async def ignores(scope: Any, receive: Any, send: Any) -> None:
    """Return at once from a lifespan."""
    if scope["type"] == "http":
        await JSONResponse(keys(scope))(scope, receive, send)


@pytest.mark.parametrize(
    ("app", "said"),
    [(refuses, "refuses speaks no lifespan (it raised ValueError: only HTTP): "),
     (ignores, "ignores speaks no lifespan: ")],
)  # fmt: skip
async def test_one_without_lifespan(
    app: Any, said: str, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """One that has no lifespan is served all the same; one warning tells."""
    included = include_app(app, name="shop", registry=registry)
    async with registry.run():
        assert await ask(included, "/") == []
    warning = ("WARNING", f"{said}it is served, and nothing is started for it.")
    assert logged(caplog).count(warning) == 1


async def test_one_that_raises_when_asked(registry: Registry) -> None:
    """One that raises once it has been asked to start has failed to."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == STARTUP
        raise ValueError("out of stock")

    include_app(app, name="shop", registry=registry)
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    (error,) = caught.value.exceptions
    assert isinstance(error, ApplicationError)
    assert (error.phase, error.text) == ("startup", "ValueError('out of stock')")
    assert isinstance(error.__cause__, ValueError)


async def test_factory(registry: Registry, log: list[str]) -> None:
    """A factory makes it anew for each start, of what others have yielded."""
    made: list[Shop] = []

    @registry.on_lifespan
    async def number() -> AsyncIterator[int]:
        yield 7

    def shop(number: int, colour: str = "red") -> Starlette:
        assert (number, colour) == (7, "red")
        made.append(Shop(log))
        return made[-1].app

    app = include_app(factory=shop, registry=registry)
    assert app.name == "shop"
    for run in range(2):
        async with registry.run():
            assert app.lifespan.get()["stock"] is made[run]
            assert await ask(beside(registry, app), "/s/") == ["number", "stock"]
    assert log == ["+shop", "-shop"] * 2


async def test_factory_that_makes_something_else(registry: Registry) -> None:
    """What a factory returns has to be an application."""

    def shop() -> Any:
        return 3

    include_app(factory=shop, registry=registry)
    with pytest.raises(StartupError, match=r"shop\(\) has returned 3: no ASGI app"):
        await registry.run().__aenter__()


async def coroutine() -> Any:
    """Be no factory."""


SLIPS: list[tuple[dict[str, Any], tuple[Any, ...], str]] = [
    ({"name": "shop"}, (), "it takes either an application or factory=."),
    ({"factory": ignores}, (ignores,), "it takes either an application or "),
    ({"name": "shop"}, (3,), "it is of type int, which cannot be called."),
    ({"factory": "shop"}, (), "it is of type str, which cannot be called."),
    ({"factory": coroutine}, (), "its factory= is a coroutine function."),
    ({}, (ignores,), "needs a name: name='...' takes any text but '*'."),
    ({"name": "shop", "requires": "*"}, (ignores,), "has requires='*', which only "),
]


@pytest.mark.parametrize(("options", "args", "said"), SLIPS)
def test_slips(
    options: dict[str, Any], args: tuple[Any, ...], said: str, registry: Registry
) -> None:
    """What cannot be included is refused at once, with its place."""
    with pytest.raises(DefinitionError) as caught:
        include_app(*args, registry=registry, **options)
    assert said in str(caught.value)
    assert caught.value.origin.file == __file__
    assert len(registry) == 0


def test_same_place_twice(registry: Registry) -> None:
    """A module that is imported again registers nothing twice; another place does."""
    for _ in range(2):
        include_app(ignores, name="shop", registry=registry)
    assert len(registry) == 1
    include_app(ignores, name="shop", registry=registry)
    with pytest.raises(LifespanError, match="shop"):
        registry.plan()


@contextlib.contextmanager
def other_shop() -> Iterator[Any]:
    """Stand in for the application."""
    yield ignores


@pytest.mark.parametrize("fake", [ignores, other_shop])
async def test_override(
    fake: Any, registry: Registry, log: list[str], shop: Shop
) -> None:
    """In a test another application takes its place, and its own is not started."""
    app = include_app(shop.app, name="shop", registry=registry)
    tracked(registry, log, "db")
    with registry.override({app.lifespan: fake}):
        async with registry.run():
            assert await ask(beside(registry, app), "/s/x") == ["db"]
    assert log == ["+db", "-db"]


async def test_wrapped_by_itself(registry: Registry, log: list[str]) -> None:
    """As the wrapped application, too, it is started once."""
    shop = Shop(log)
    app = include_app(shop.app, name="shop", registry=registry)
    server = Server(LifespanApplication(app, registry=registry))
    assert await server.start() == {"type": STARTED}
    await server.stop()
    assert log == ["+shop", "-shop"]


def test_wrapper_around_the_same_registry(registry: Registry) -> None:
    """What would start the registry from within itself is refused."""
    wrapper = LifespanApplication(ignores, registry=registry)
    with pytest.raises(DefinitionError, match="is wrapped in LifespanApplication"):
        include_app(wrapper, name="shop", registry=registry)
    include_app(wrapper, name="shop", registry=Registry())


def test_names_of_factories(registry: Registry) -> None:
    """A factory in a partial object has its own name; a type of C has no parameters."""

    def shop(colour: str) -> Any:
        return ignores  # pragma: no cover

    partial = functools.partial(shop, colour="red")
    assert include_app(factory=partial, registry=registry).name == "shop"
    assert include_app(factory=dict, registry=registry).name == "dict"
    assert registry.plan().names == ("shop", "dict")


async def started(receive: Any, send: Any) -> None:
    """Answer that the start is complete, and let that be heard."""
    await receive()
    await send({"type": STARTED})
    await some_steps()


async def raises_cancelled(scope: Any, receive: Any, send: Any) -> None:
    await started(receive, send)
    raise asyncio.CancelledError


async def cancels_itself(scope: Any, receive: Any, send: Any) -> None:
    await started(receive, send)
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def tells_and_returns(scope: Any, receive: Any, send: Any) -> None:
    await started(receive, send)
    await send({"type": STOP_FAILED, "message": "out of stock"})


async def tells_and_hangs(scope: Any, receive: Any, send: Any) -> None:
    await tells_and_returns(scope, receive, send)
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def cancelled_lifespan(_app: Starlette) -> AsyncIterator[None]:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().call_later(0.05, task.cancel)
    yield


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (raises_cancelled, "failed at its run: CancelledError()"),
        (cancels_itself, "failed at its run: CancelledError()"),
        (tells_and_returns, "failed at its run: out of stock"),
        (tells_and_hangs, "failed at its run: out of stock"),
        (Starlette(lifespan=cancelled_lifespan), "failed at its run: CancelledError"),
    ],
)
async def test_odd_crashes(app: Any, said: str, registry: Registry) -> None:
    """However an application gives up while it is up, that is noticed as a crash."""
    included = include_app(app, name="shop", registry=registry)
    async with registry.run() as run:
        await until(lambda: run.report["shop"].status is Status.CRASHED)
        await until(lambda: run.report["shop"].error is not None)
        with pytest.raises(CrashedError) as caught:
            included.lifespan.get()
    assert said in str(caught.value)


async def cancelled_at_once(scope: Any, receive: Any, send: Any) -> None:
    raise asyncio.CancelledError


async def cancelled_when_asked(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    raise asyncio.CancelledError


@pytest.mark.parametrize("app", [cancelled_at_once, cancelled_when_asked])
async def test_cancelled_start(app: Any, registry: Registry) -> None:
    """One that is cancelled in its start, by itself, has failed to start."""
    include_app(app, name="shop", registry=registry)
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    (error,) = caught.value.exceptions
    assert isinstance(error, ApplicationError)
    assert error.text == "CancelledError()"


HURRY = """
import asyncio, contextlib
from lifespan_registry import Registry
from lifespan_registry.mounting import include_app
from starlette.applications import Starlette

registry = Registry()

@contextlib.asynccontextmanager
async def lifespan(app):
    try:
        yield
    finally:
        await asyncio.sleep(0.05)
        print("pool is closed")

pool = include_app(Starlette(lifespan=lifespan), name="pool", registry=registry)

@registry.on_lifespan(requires=pool)
async def worker():
    yield
    await asyncio.sleep(0.1)
    print("worker has used the pool")

async def live(up):
    async with registry.run():
        up.set()
        await asyncio.Event().wait()

async def main():
    up = asyncio.Event()
    main.task = asyncio.create_task(live(up))
    await up.wait()

asyncio.run(main())
"""

STUBBORN = """
import asyncio, contextlib, logging
from lifespan_registry import Registry
from lifespan_registry.mounting import include_app

registry = Registry()

async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

include_app(app, name="shop", registry=registry, shutdown_timeout=0.1)

async def main():
    logging.disable()  # of the one that is given up
    with contextlib.suppress(ExceptionGroup):
        async with registry.run():
            pass

asyncio.run(main())
print("over")
"""


def test_order_of_a_hurried_stop() -> None:
    """Who cancels all tasks, as asyncio.run() does, finds the order kept."""
    assert output_of(HURRY) == ["worker has used the pool", "pool is closed"]


def test_one_that_ignores_its_cancellation() -> None:
    """One that has been given up does not keep the process alive."""
    assert output_of(STUBBORN)[-1] == "over"


async def test_factory_taken_for_an_application(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """Who gives a factory in the place of an application is told the slip."""

    def shop() -> Any:
        return ignores  # pragma: no cover

    include_app(shop, name="shop", registry=registry)  # type: ignore[call-overload]
    async with registry.run():
        pass
    (text,) = [text for level, text in logged(caplog) if level == "WARNING"]
    assert text.endswith("Then it is include_app(factory=...).")
