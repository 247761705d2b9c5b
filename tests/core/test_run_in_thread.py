"""`Registry.run_in_thread()`: a run for sync code, with a loop in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry._core import loop_thread
from lifespan_registry.exceptions import (
    PlanError,
    RunUsedError,
    SeveralRunsError,
    ShutdownError,
    StartupError,
    StoppedError,
)
from tests.core.processes import FORKED_CHILD, output_of
from tests.core.waiting import DEADLINE
from tests.tracked import boom, tracked

FORKED = "they are those of the process that this one was forked from."


def loop_threads() -> list[threading.Thread]:
    """Return the threads of event loops of lifespans."""
    return [one for one in threading.enumerate() if one.name == "lifespan loop"]


def press_ctrl_c() -> None:
    """Interrupt the main thread, whose tests wait for lifespans."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.fixture(name="kind", params=[KeyboardInterrupt, SystemExit])
def _kind(request: pytest.FixtureRequest) -> Iterator[type[BaseException]]:
    """What Ctrl-C raises: Python's own error, or that of a server's handler."""

    def leave(number: int, frame: object) -> None:
        raise request.param

    before = signal.signal(signal.SIGINT, leave)
    yield request.param
    signal.signal(signal.SIGINT, before)


# --- start and stop ----------------------------------------------------------------


def test_block(registry: Registry, log: list[str]) -> None:
    """Before the block all have been started, after it all have been stopped."""
    db = tracked(registry, log, "db")
    tracked(registry, log, "files", sync=True, requires=db)

    with registry.run_in_thread() as run:
        assert log == ["+db", "+files"]
        assert db.get() == run.state.db == "db"
        assert registry.current_run() is run

    assert log == ["+db", "+files", "-files", "-db"]
    assert registry.current_run() is None
    with pytest.raises(StoppedError):
        db.get()


def test_own_loop_in_own_thread(registry: Registry) -> None:
    """All is entered and left in one daemon thread, on one loop, in one task each."""
    seen: list[object] = []

    @registry.on_lifespan
    async def db() -> AsyncIterator[None]:
        async with asyncio.TaskGroup():
            seen.append((threading.current_thread(), asyncio.current_task()))
            yield
            seen.append((threading.current_thread(), asyncio.current_task()))

    with registry.run_in_thread() as run:
        (thread,) = loop_threads()
        loop = run.loop

    assert seen[0] == seen[1]
    assert thread.daemon
    assert loop.is_closed()
    assert not thread.is_alive()


def test_only_and_skip(registry: Registry, log: list[str]) -> None:
    """`only=` and `skip=` are those of a run."""
    for name in ("a", "b", "c"):
        tracked(registry, log, name)

    with registry.run_in_thread(only=["a"]):
        pass
    with registry.run_in_thread(skip=["a", "b"]):
        pass

    assert log == ["+a", "-a", "+c", "-c"]


def test_context_of_the_caller(registry: Registry) -> None:
    """Lifespans start in a copy of the context of the code that starts them."""
    region = contextvars.ContextVar("region", default="nowhere")
    seen: list[str] = []

    @registry.on_lifespan
    async def db() -> AsyncIterator[None]:
        seen.append(region.get())
        region.set("here")
        yield

    region.set("there")
    with registry.run_in_thread():
        pass

    assert seen == ["there"]
    assert region.get() == "there"


def test_two_threads_have_a_run_each(registry: Registry) -> None:
    """In its block, code finds the run of that block, however many are up."""
    made = iter(range(2))

    @registry.on_lifespan
    async def db() -> AsyncIterator[int]:
        yield next(made)

    with registry.run_in_thread() as outer:
        with registry.run_in_thread() as inner:
            assert (db.get(), inner.state.db, outer.state.db) == (1, 1, 0)
            with pytest.raises(SeveralRunsError):
                contextvars.Context().run(db.get)
        assert db.get() == 0


def test_again(registry: Registry, log: list[str]) -> None:
    """A registry is run again after a stop; one run is not."""
    tracked(registry, log, "db")
    block = registry.run_in_thread()
    with block:
        pass
    with registry.run_in_thread():
        pass

    assert log == ["+db", "-db"] * 2
    with pytest.raises(RunUsedError):
        block.__enter__()


def test_left_in_another_context(registry: Registry, log: list[str]) -> None:
    """A fixture may leave it in another context than the one that it was entered in."""
    tracked(registry, log, "db")
    block = registry.run_in_thread()
    contextvars.Context().run(block.__enter__)
    block.__exit__(None, None, None)

    assert log == ["+db", "-db"]


# --- errors ------------------------------------------------------------------------


def test_plan_error(registry: Registry) -> None:
    """What keeps lifespans from being ordered is raised in the calling thread."""
    registry.on_lifespan(name="db", requires="nobody")(lambda: asyncio.timeout(1))
    with pytest.raises(PlanError):
        registry.run_in_thread().__enter__()


def test_failed_start(registry: Registry, log: list[str]) -> None:
    """A failed start is unwound, and raised in the calling thread."""
    db = tracked(registry, log, "db")
    tracked(registry, log, "search", requires=db, enter=boom())

    with pytest.raises(StartupError) as caught:
        registry.run_in_thread().__enter__()

    assert [repr(error) for error in caught.value.exceptions] == [
        "RuntimeError('boom')"
    ]
    assert log == ["+db", "-db"]
    assert loop_threads() == []


def test_failed_start_waits_for_the_thread(
    registry: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed start leaves no thread, even where a loop takes its time to close."""
    make = asyncio.new_event_loop

    def slow_loop() -> asyncio.AbstractEventLoop:
        loop = make()
        close = loop.close

        def close_slowly() -> None:
            close()
            time.sleep(0.1)

        monkeypatch.setattr(loop, "close", close_slowly)
        return loop

    monkeypatch.setattr(asyncio, "new_event_loop", slow_loop)
    tracked(registry, log, "db", enter=boom())

    with pytest.raises(StartupError):
        registry.run_in_thread().__enter__()

    assert loop_threads() == []


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt])
def test_orders_to_leave(
    registry: Registry, log: list[str], leaving: type[BaseException]
) -> None:
    """What a lifespan raises to end the process is raised in the calling thread."""
    db = tracked(registry, log, "db")
    tracked(registry, log, "search", requires=db, enter=boom("now", leaving))

    with pytest.raises(leaving, match="now"):
        registry.run_in_thread().__enter__()

    assert log == ["+db", "-db"]
    assert loop_threads() == []


def test_failed_stop(registry: Registry, log: list[str]) -> None:
    """A failed stop stops all others, and is raised in the calling thread."""
    db = tracked(registry, log, "db")
    tracked(registry, log, "search", requires=db, leave=boom())

    with pytest.raises(ShutdownError), registry.run_in_thread():
        pass

    assert log == ["+db", "+search", "-db"]
    assert loop_threads() == []


def test_error_of_the_block(registry: Registry, log: list[str]) -> None:
    """An error of the block goes on as it is; one of the stop is noted on it."""
    tracked(registry, log, "db", leave=boom())

    with pytest.raises(LookupError, match="mine") as caught, registry.run_in_thread():
        raise LookupError("mine")

    assert "1 lifespan failed to stop" in caught.value.__notes__[0]
    assert caught.traceback[-1].path.name == "test_run_in_thread.py"


def test_no_thread_to_be_had(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no thread can be started, that is the error, and the loop is closed."""

    def refuse(thread: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        registry.run_in_thread().__enter__()


# --- interruptions -----------------------------------------------------------------


def test_interrupted_start(
    registry: Registry, log: list[str], kind: type[BaseException]
) -> None:
    """Ctrl-C while lifespans start cancels and unwinds those that have begun."""
    db = tracked(registry, log, "db")

    async def hang() -> None:
        press_ctrl_c()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")

    tracked(registry, log, "search", requires=db, enter=hang)

    with pytest.raises(kind):
        registry.run_in_thread().__enter__()

    assert log == ["+db", "cancelled", "-db"]
    assert loop_threads() == []


def test_interrupted_at_once(
    registry: Registry,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ctrl-C before the loop has made its first step leaves no one waiting."""
    launch = loop_thread.LoopThread._launch

    def cancelled_first(thread: loop_thread.LoopThread) -> None:
        thread._in_loop(thread._cancel)
        launch(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop_thread.LoopThread, "_launch", cancelled_first)
    tracked(registry, log, "db")

    with pytest.raises(KeyboardInterrupt):
        registry.run_in_thread().__enter__()
    assert log == caplog.messages == []
    assert loop_threads() == []


def test_interrupted_stop(
    registry: Registry, log: list[str], kind: type[BaseException]
) -> None:
    """Ctrl-C while lifespans stop lets them stop, and goes on then."""
    db = tracked(registry, log, "db")
    tracked(registry, log, "search", requires=db, leave=press_ctrl_c)

    with pytest.raises(kind), registry.run_in_thread():
        pass

    assert log == ["+db", "+search", "-search", "-db"]
    assert loop_threads() == []


def test_interrupted_before_the_loop_is_told(
    registry: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second signal at the very beginning of the stop leaves no one waiting for ever.

    gunicorn's workers get two of them at Ctrl-C: the terminal's, and the master's.
    """
    tracked(registry, log, "db")
    orders: list[object] = []

    with pytest.raises(SystemExit), registry.run_in_thread() as run:
        tell = run.loop.call_soon_threadsafe

        def interrupted_first(function: Any, *args: Any) -> asyncio.Handle:
            orders.append(function)
            if len(orders) == 1:
                raise SystemExit
            return tell(function, *args)

        monkeypatch.setattr(run.loop, "call_soon_threadsafe", interrupted_first)

    assert log == ["+db", "-db"]
    assert loop_threads() == []


def test_interrupted_block(
    registry: Registry, log: list[str], kind: type[BaseException]
) -> None:
    """Ctrl-C in the block stops them all."""
    tracked(registry, log, "db")

    with pytest.raises(kind), registry.run_in_thread():
        press_ctrl_c()

    assert log == ["+db", "-db"]


# --- the loop ----------------------------------------------------------------------


def test_nothing_is_left_on_the_loop(registry: Registry, log: list[str]) -> None:
    """Tasks, async generators and the executor of the loop end with it."""
    names: list[str] = []

    @registry.on_lifespan
    async def db() -> AsyncIterator[None]:
        async def forever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                log.append("task")

        async def numbers() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                await asyncio.sleep(0)
                log.append("generator")

        kept.append(asyncio.create_task(forever()))
        kept.append(numbers())
        await anext(kept[1])
        names.append(await asyncio.to_thread(lambda: threading.current_thread().name))
        yield

    kept: list[Any] = []
    with registry.run_in_thread():
        pass

    assert log == ["task", "generator"]
    assert names[0] not in {thread.name for thread in threading.enumerate()}


def test_task_that_comes_late(registry: Registry, log: list[str]) -> None:
    """What comes while the loop is about to close ends with it as well.

    The stop waits for the executor, whose work lets a thread come with one more task.
    """
    begun = threading.Event()

    async def forever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("late")

    def come() -> None:
        # In the executor there is work to be waited for until the task has begun.
        closing.wait(DEADLINE)
        run.loop.call_soon_threadsafe(run.loop.create_task, forever())
        begun.wait(DEADLINE)

    closing = threading.Event()

    async def work() -> None:
        asyncio.get_running_loop().run_in_executor(None, come)

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            # Generators are closed when the tasks have been cancelled.
            closing.set()

    async def open_generator() -> None:
        kept.append(numbers())
        await anext(kept[0])

    kept: list[Any] = []
    with registry.run_in_thread() as run:
        run.call(work)
        run.call(open_generator)

    assert log == ["late"]


def test_task_that_is_new(log: list[str]) -> None:
    """One that is cancelled has made its first step: it can tell who waits for it."""

    async def step() -> None:
        log.append("first")
        await asyncio.Event().wait()

    async def close() -> bool:
        task = asyncio.create_task(step())
        await loop_thread._cancel_tasks()
        return task.cancelled()

    assert asyncio.run(close())
    assert log == ["first"]


def test_task_that_refuses_to_end(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """A lifespan that ignores its cancellation does not keep the loop from closing."""

    async def refuse() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    tracked(registry, [], "db", leave=refuse, shutdown_timeout=0.01)

    def run_it() -> None:
        with pytest.raises(ShutdownError), registry.run_in_thread() as run:
            pass
        assert run.loop.is_closed()

    run_it()
    assert loop_threads() == []
    # Not later, in the log of another test.
    gc.collect()
    assert "Task was destroyed but it is pending" in caplog.text


def test_executor_that_hangs(
    registry: Registry,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What hangs in the executor of the loop is left behind, and told."""
    monkeypatch.setattr(loop_thread, "PATIENCE", 0.05)
    let_go = threading.Event()

    @registry.on_lifespan
    async def db() -> AsyncIterator[None]:
        waiting = asyncio.get_running_loop().run_in_executor(None, let_go.wait)
        yield
        log.append(str(waiting.done()))

    with registry.run_in_thread():
        (thread,) = loop_threads()

    assert log == ["False"]
    assert "The event loop of the lifespans is left behind" in caplog.text
    let_go.set()
    thread.join(DEADLINE)


@pytest.mark.parametrize("log_fails", [False, True])
def test_order_to_leave_in_a_task(
    registry: Registry,
    log: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    log_fails: bool,
) -> None:
    """A task that raises SystemExit does not end the loop under everybody else."""
    tracked(registry, log, "db")
    if log_fails:
        # Not for asyncio's own, which may tell of tasks that other tests have left.
        logger = logging.getLogger("lifespan_registry")
        monkeypatch.setattr(logger, "error", lambda *_, **__: boom("disk full")())
        monkeypatch.setattr(logger, "exception", logger.error)

    async def leave() -> None:
        raise SystemExit(7)

    async def start_it() -> None:
        task = asyncio.create_task(leave())
        await asyncio.wait([task])
        log.append(repr(task.exception()))

    with registry.run_in_thread() as run:
        run.call(start_it)

    assert log == ["+db", "SystemExit(7)", "-db"]
    told = "A task has tried to end the event loop of the lifespans" in caplog.text
    assert told is not log_fails


def test_task_that_stops_the_loop(
    registry: Registry, log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A task that stops the loop does not do so for everybody else either."""
    tracked(registry, log, "db")

    async def stop() -> None:
        asyncio.get_running_loop().stop()

    with registry.run_in_thread() as run:
        run.call(stop)

    assert log == ["+db", "-db"]
    assert "by SystemExit, KeyboardInterrupt or loop.stop(). It goes on." in caplog.text


def test_all_tasks_cancelled(registry: Registry, log: list[str]) -> None:
    """Who cancels all the tasks of the loop stops the lifespans, and nothing hangs."""
    tracked(registry, log, "db")

    async def cancel_all() -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    with registry.run_in_thread() as run:
        run.call(cancel_all)
        while not run.loop.is_closed():
            time.sleep(0.001)
        assert log == ["+db", "-db"]


# --- processes ---------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_child_of_a_fork() -> None:
    """A child has nothing of its parent's, cannot stop it, and can have its own."""
    assert output_of(
        """
import os
from lifespan_registry import default_registry, on_lifespan
from lifespan_registry.exceptions import CallOutsideRunError, ForkedError

@on_lifespan
async def db():
    yield os.getpid()
    print("stopped", os.getpid() == parent, flush=True)

async def ask():
    return os.getpid()

def child():
    try:
        db.get()
    except ForkedError as error:
        print("child", str(error).splitlines()[0], flush=True)
    try:
        run.call(ask)
    except CallOutsideRunError as error:
        print("child", str(error).splitlines()[0], flush=True)
    with default_registry.run_in_thread() as own:
        print("child", db.get() == own.call(ask) == os.getpid(), flush=True)

parent = os.getpid()
with default_registry.run_in_thread() as run:
    if pid := os.fork():
        assert os.waitpid(pid, 0) == (pid, 0)
        print("parent", db.get() == run.call(ask) == parent, flush=True)
    else:
        child()
"""
    ) == [
        f"child lifespan 'db' has no value in this process: {FORKED_CHILD}",
        f"child ask cannot be run on the event loop of the lifespans: {FORKED}",
        "child True",
        "stopped False",
        "parent True",
        "stopped True",
    ]


def test_process_that_leaves_the_block_open() -> None:
    """A process that never leaves the block ends all the same: it stops nothing."""
    assert output_of(
        """
from lifespan_registry import default_registry, on_lifespan

@on_lifespan
async def db():
    yield
    print("stopped")

default_registry.run_in_thread().__enter__()
print("started")
"""
    ) == ["started"]
