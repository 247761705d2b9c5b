"""`Run.call()`: a coroutine on the loop of the lifespans, for code in other threads."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

from lifespan_registry import Registry, Run
from lifespan_registry._core import calls
from lifespan_registry.exceptions import (
    CallOnLoopError,
    CallOutsideRunError,
    CallTimeoutError,
)
from tests.core.waiting import DEADLINE
from tests.tracked import boom

region = contextvars.ContextVar("region", default="nowhere")


@pytest.fixture(name="run")
def _run(registry: Registry) -> Iterator[Run]:
    """A run that is up in a thread, with one lifespan that sets a variable."""

    @registry.on_lifespan
    async def db() -> AsyncIterator[None]:
        region.set("eu")
        yield

    with registry.run_in_thread() as run:
        yield run


SLIP = r"call\(\) takes the function, and its arguments: run\.call\(add, "


async def add(one: int, other: int = 10) -> int:
    return one + other


async def forever(log: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.append("cancelled")
        raise


def plain() -> str:
    """Return a text at once."""
    return "done"


def test_result(run: Run) -> None:
    """It returns what the function returns."""
    assert run.call(add, 1, 2) == 3
    assert run.call(add, 1) == 11
    assert run.call(partial(add, other=5), 1, timeout=DEADLINE) == 6


def test_where(run: Run) -> None:
    """The coroutine runs on the loop of the run, in a task of its own."""

    async def where() -> tuple[asyncio.AbstractEventLoop, str]:
        task = asyncio.current_task()
        assert task is not None
        return asyncio.get_running_loop(), task.get_name()

    loop, name = run.call(where)

    assert loop is run.loop
    assert name == "call of test_where.<locals>.where"


@pytest.mark.parametrize("kind", [ValueError, TimeoutError, SystemExit])
def test_error(run: Run, kind: type[BaseException]) -> None:
    """It raises what the function raises, and the loop goes on."""

    async def fail() -> None:
        boom("mine", kind)()

    with pytest.raises(kind, match="mine"):
        run.call(fail, timeout=DEADLINE)
    assert run.call(add, 1) == 11


def test_context(run: Run) -> None:
    """It sees the variables of its caller, and those of lifespans; it changes none."""
    mine = contextvars.ContextVar("mine", default=0)

    async def seen() -> tuple[int, str]:
        values = mine.get(), region.get()
        mine.set(2)
        return values

    def call() -> None:
        mine.set(1)
        assert run.call(seen) == (1, "eu")
        assert (mine.get(), region.get()) == (1, "nowhere")
        region.set("us")
        assert run.call(seen) == (1, "us")

    contextvars.copy_context().run(call)


def test_many_threads(run: Run) -> None:
    """Calls from several threads run at the same time on the one loop."""

    async def meet() -> None:
        await barrier.wait()

    async def make() -> asyncio.Barrier:
        return asyncio.Barrier(8)

    barrier = run.call(make)
    threads = [threading.Thread(target=run.call, args=(meet,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert not any(thread.is_alive() for thread in threads)


# --- limits ------------------------------------------------------------------------


def test_time_limit(run: Run, log: list[str]) -> None:
    """A call whose time is up is cancelled, and has ended when that is raised."""
    with pytest.raises(TimeoutError) as caught:
        run.call(forever, log, timeout=1)

    assert log == ["cancelled"]
    assert isinstance(caught.value, CallTimeoutError)
    assert (caught.value.function, caught.value.seconds) == ("forever", 1)


def test_blocked_loop(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds where something blocks the loop, too."""
    monkeypatch.setattr(calls, "PATIENCE", 0.01)
    go_on, blocking = threading.Event(), threading.Event()

    async def block() -> None:
        blocking.set()
        go_on.wait(DEADLINE)

    thread = threading.Thread(target=run.call, args=(block,))
    thread.start()
    assert blocking.wait(DEADLINE)
    with pytest.raises(TimeoutError):
        run.call(add, 1, timeout=0.01)
    go_on.set()
    thread.join(DEADLINE)

    assert run.call(add, 1) == 11


def test_interrupted(run: Run, log: list[str]) -> None:
    """Ctrl-C in the calling thread cancels the call, and goes on when it has ended."""

    async def press_ctrl_c() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        await forever(log)

    with pytest.raises(KeyboardInterrupt):
        run.call(press_ctrl_c)

    assert log == ["cancelled"]


@pytest.mark.parametrize("scheduled", [True, False])
def test_interrupted_before_it_began(
    run: Run, monkeypatch: pytest.MonkeyPatch, *, scheduled: bool
) -> None:
    """Ctrl-C before the coroutine has made its first step cancels it as well."""
    in_loop = calls.Call._in_loop
    handed_over: list[Any] = []

    def interrupted(call: Any, *args: Any, **options: Any) -> None:
        handed_over.append(args)
        if len(handed_over) == 1:
            if scheduled:
                run.loop.call_soon_threadsafe(both, call, *args)
            raise KeyboardInterrupt
        in_loop(call, *args, **options)

    def both(call: Any, start: Any, *args: Any) -> None:
        start(*args)
        call._cancel_task()

    monkeypatch.setattr(calls.Call, "_in_loop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.call(add, 1)


# --- slips -------------------------------------------------------------------------


def test_on_the_loop_itself(run: Run) -> None:
    """On the loop itself it would wait for ever: that is told at once."""

    async def call() -> None:
        run.call(add, 1)

    with pytest.raises(CallOnLoopError) as caught:
        run.call(call)

    assert caught.value.function == "add"
    assert "await it: await add(...)" in str(caught.value)


async def test_in_a_run_with_async_with(registry: Registry) -> None:
    """A thread beside the loop may call, whoever has started the run."""
    async with registry.run() as run:
        assert await asyncio.to_thread(run.call, add, 1, 2) == 3
        with pytest.raises(CallOnLoopError):
            run.call(add, 1)


def test_before_and_after(registry: Registry) -> None:
    """Where the run is not up, the error says why."""
    run = registry.run()
    with pytest.raises(CallOutsideRunError) as before:
        run.call(add, 1)
    with registry.run_in_thread() as run:
        pass
    with pytest.raises(CallOutsideRunError) as after:
        run.call(add, 1)

    assert before.value.detail == "they have not been started"
    assert after.value.detail == "they have been stopped"


def test_in_the_lifespans(registry: Registry, log: list[str]) -> None:
    """A sync lifespan may call while it starts and while it stops."""

    async def tell(what: str) -> None:
        log.append(what)

    @registry.on_lifespan
    def db() -> Iterator[None]:
        run = registry.current_run()
        assert run is not None
        run.call(tell, "starting")
        yield
        run.call(tell, "stopping")

    with registry.run_in_thread():
        pass

    assert log == ["starting", "stopping"]


def test_sync_function(run: Run) -> None:
    """A function that is not async is refused by its name."""
    with pytest.raises(
        TypeError, match=r"takes an async function, and .*plain is none"
    ):
        run.call(plain)  # type: ignore[arg-type]


def test_coroutine_in_place_of_its_function(registry: Registry) -> None:
    """The slip of calling the function is told, whether the run is up or not."""
    with pytest.raises(TypeError, match=SLIP):
        registry.run().call(add(1))  # type: ignore[arg-type]
    with registry.run_in_thread() as run, pytest.raises(TypeError, match=SLIP):
        run.call(add(1))  # type: ignore[arg-type]


# --- the end of the loop -----------------------------------------------------------


def test_stopped_meanwhile(registry: Registry, log: list[str]) -> None:
    """A call that is under way when the run ends is cancelled, and told so."""
    caught: list[CallOutsideRunError] = []
    begun = threading.Event()

    async def wait() -> None:
        begun.set()
        await forever(log)

    def call() -> None:
        try:
            run.call(wait)
        except CallOutsideRunError as error:
            caught.append(error)

    with registry.run_in_thread() as run:
        thread = threading.Thread(target=call)
        thread.start()
        assert begun.wait(DEADLINE)
    thread.join(DEADLINE)

    assert log == ["cancelled"]
    assert [error.detail for error in caught] == [
        "it was cancelled there, as the stop of the lifespans does"
    ]


def test_loop_that_was_left(registry: Registry) -> None:
    """A loop that was closed around its run takes no calls."""
    loop = asyncio.new_event_loop()
    run = registry.run()
    loop.run_until_complete(run.__aenter__())
    loop.close()

    with pytest.raises(CallOutsideRunError, match="that loop has been closed"):
        run.call(add, 1)


def test_loop_that_never_runs_it(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that came too late for its loop does not wait for ever."""
    monkeypatch.setattr(calls, "LOOK", 0.01)
    loop = asyncio.new_event_loop()
    run = registry.run()
    loop.run_until_complete(run.__aenter__())
    closer = threading.Timer(0.05, loop.close)
    closer.start()

    with pytest.raises(CallOutsideRunError, match="that loop has been closed"):
        run.call(add, 1)
    closer.join()
