"""The wrapper for WSGI: it starts once, fills each request, and stops."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextvars
import logging
import signal
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import RequestFactory

from lifespan_registry import Registry, State
from lifespan_registry.exceptions import (
    LazyRefusedError,
    LazyStartError,
    OverrideError,
    PatchedThreadsError,
    ShutdownError,
    StartupError,
    StoppedError,
)
from lifespan_registry.middleware import LifespanStateMiddleware
from lifespan_registry.servers import threaded
from lifespan_registry.wsgi import (
    LifespanWSGIApplication,
    get_wsgi_application,
    post_worker_init,
    worker_exit,
)
from tests.core.processes import output_of
from tests.core.test_run_in_thread import loop_threads, press_ctrl_c
from tests.core.waiting import DEADLINE, until
from tests.django.wsgi_client import answering, in_thread, request
from tests.tracked import Hook, boom, tracked

KEY = "lifespan_registry.state"
tenant = contextvars.ContextVar("tenant", default="nobody")


def failing(fails: list[bool], kind: type[BaseException] = OSError) -> Hook:
    """Return what raises *kind* until *fails* is empty."""

    def fail() -> None:
        if fails:
            raise kind("no route")

    return fail


@pytest.fixture(name="wrap")
def _wrap(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., LifespanWSGIApplication]]:
    """What wraps a view; what has been started is stopped."""
    made: list[LifespanWSGIApplication] = []
    # Of what other tests have started, the exit of the process knows still.
    monkeypatch.setattr(threaded, "_ALL", weakref.WeakValueDictionary())

    def wrap(view: Callable[..., object] = lambda _: None) -> LifespanWSGIApplication:
        made.append(LifespanWSGIApplication(answering(view), registry=registry))
        return made[-1]

    yield wrap
    for one in made:
        one.stop()
    assert loop_threads() == []


Wrap = Callable[..., LifespanWSGIApplication]

# --- start and stop ----------------------------------------------------------------


def test_start_and_stop(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """Both come back when all has happened, and do nothing a second time."""
    tracked(registry, log, "db")
    application = wrap()

    application.start()
    application.start()
    assert log == ["+db"]
    application.stop()
    application.stop()
    assert log == ["+db", "-db"]


def test_again(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """After a stop, requests start nothing; `start()` does."""
    db = tracked(registry, log, "db")
    application = wrap(lambda environ: KEY in environ)
    application.start()
    application.stop()

    assert request(application) is False
    with pytest.raises(StoppedError):
        db.get()
    application.start()
    assert request(application) is True
    assert log == ["+db", "-db", "+db"]


def test_two_applications(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """Applications with one registry share what is started, whoever starts it."""
    tracked(registry, log, "db")
    one, other = wrap(), wrap(lambda environ: environ[KEY]["db"])

    one.start()
    assert request(other) == "db"
    other.stop()

    assert log == ["+db", "-db"]


def test_errors(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """What a start or a stop fails of is raised as it is."""
    fails = [True]
    tracked(registry, log, "db", enter=failing(fails), leave=boom())
    application = wrap()

    with pytest.raises(StartupError):
        application.start()
    fails.clear()
    application.start()
    with pytest.raises(ShutdownError):
        application.stop()


def test_nothing_registered(
    log: list[str], wrap: Wrap, caplog: pytest.LogCaptureFixture
) -> None:
    """Without lifespans the start says so, and requests pass."""
    application = wrap(lambda environ: KEY in environ)

    assert request(application) is False
    application.start()
    assert "No lifespan is registered" in caplog.text


def test_drop_in() -> None:
    """`get_wsgi_application` returns Django's application, wrapped."""
    application = get_wsgi_application()

    assert isinstance(application.app, WSGIHandler)
    assert repr(application) == "<LifespanWSGIApplication around WSGIHandler>"


def test_name(wrap: Wrap) -> None:
    """The name of a function is that of the application."""
    assert repr(wrap()) == "<LifespanWSGIApplication around answering.<locals>.app>"


# --- requests ----------------------------------------------------------------------


def test_state(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """A request has a copy of the state, and what it adds no other one sees."""
    db = tracked(registry, log, "db")

    def view(environ: dict[str, Any]) -> list[object]:
        state = environ[KEY]
        before = "mine" in state
        state["mine"] = "added"
        return [state["db"], db.get(), before]

    application = wrap(view)

    assert [request(application) for _ in range(2)] == [["db", "db", False]] * 2


def test_request_state(default: Registry, log: list[str]) -> None:
    """`.get(request)` and `request.state` lead to the copy of the request."""
    db = tracked(default, log, "db")

    def view(environ: dict[str, Any]) -> list[object]:
        request = WSGIRequest(environ)
        LifespanStateMiddleware(lambda _: None)(request)
        environ[KEY]["db"] = "its own"
        state: State = request.state  # type: ignore[attr-defined]
        return [db.get(request), state.db, state.mapping is environ[KEY], db.get()]

    application = LifespanWSGIApplication(answering(view))
    answer = request(application)
    application.stop()

    assert answer == ["its own", "its own", True, "db"]


def test_request_of_a_test_client(default: Registry, log: list[str]) -> None:
    """A request that no wrapper has seen gets its copy by the middleware."""
    db = tracked(default, log, "db")
    request: Any = RequestFactory().get("/")

    with default.run_in_thread():
        LifespanStateMiddleware(lambda _: None)(request)
        request.state.db = "its own"
        assert (db.get(request), db.get()) == ("its own", "db")


def test_context_variables(registry: Registry, wrap: Wrap) -> None:
    """Each request sees what lifespans have set, whatever its thread did before."""

    @registry.on_lifespan
    async def settings() -> AsyncIterator[None]:
        tenant.set("lifespan")
        yield

    def view(environ: dict[str, Any]) -> str:
        before = tenant.get()
        tenant.set("request")
        return before

    def ask() -> list[str]:
        tenant.set("thread")
        return [request(application) for _ in range(2)]

    application = wrap(view)

    assert in_thread(ask) == ["lifespan", "lifespan"]


def test_own_context(registry: Registry, wrap: Wrap) -> None:
    """Lifespans that a request starts see none of its context; started so, they do."""
    seen: list[str] = []

    @registry.on_lifespan
    async def settings() -> AsyncIterator[None]:
        seen.append(tenant.get())
        yield

    def start() -> None:
        tenant.set("mine")
        request(application)
        application.stop()
        application.start()

    application = wrap()
    in_thread(start)

    assert seen == ["nobody", "mine"]


def test_run_beside(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """Where somebody else has started them, requests use that run, and start none."""
    tracked(registry, log, "db")
    application = wrap(lambda environ: environ[KEY]["db"])

    with registry.run_in_thread():
        assert request(application) == "db"

    assert log == ["+db", "-db"]


# --- the first request -------------------------------------------------------------


def test_first_request(
    registry: Registry, log: list[str], wrap: Wrap, caplog: pytest.LogCaptureFixture
) -> None:
    """The first request starts them, and the log says what to do about it."""
    tracked(registry, log, "db")
    application = wrap()

    request(application)
    request(application)

    assert log == ["+db"]
    (warning,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "It is an unknown server. If the server has a hook" in warning.getMessage()


def test_first_request_under_an_override(
    registry: Registry, log: list[str], wrap: Wrap
) -> None:
    """What it would start nothing would stop at the end of the block."""
    tracked(registry, log, "db")
    application = wrap(lambda environ: environ[KEY]["db"])

    with registry.override(db="fake"):
        with pytest.raises(OverrideError, match="start a run in it"):
            request(application)
        with registry.run_in_thread():
            assert request(application) == "fake"
    assert log == []
    assert request(application) == "db"


def test_requests_wait(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """Several first requests at the same time start them once."""
    meeting = threading.Barrier(8)
    tracked(registry, log, "db", sync=True)
    application = wrap(lambda environ: environ[KEY]["db"])
    answers: list[object] = []

    def ask() -> None:
        meeting.wait(DEADLINE)
        answers.append(request(application))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert answers == ["db"] * 8
    assert log == ["+db"]


@pytest.mark.parametrize("kind", [OSError, SystemExit])
def test_failed_first_request(
    registry: Registry,
    log: list[str],
    wrap: Wrap,
    caplog: pytest.LogCaptureFixture,
    kind: type[BaseException],
) -> None:
    """A start that has failed is told to the request; the next one tries again."""
    fails = [True]
    tracked(registry, log, "db", enter=failing(fails, kind))
    application = wrap()

    for _ in range(2):
        with pytest.raises(LazyStartError, match=f"{kind.__name__}: no route"):
            request(application)
    fails.clear()
    request(application)

    assert log == ["+db"]
    told = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert [bool(one.exc_info) for one in told] == [True, True]


def test_those_who_waited(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """Who has waited for a start that fails is told so, and does not try it again."""
    application = wrap()
    waiting, errors = threading.Event(), []

    def fail() -> None:
        log.append("start")
        assert waiting.wait(DEADLINE)
        boom()()

    tracked(registry, log, "db", sync=True, enter=fail)

    def ask() -> None:
        try:
            request(application)
        except LazyStartError as error:
            errors.append(error.failure)

    process = application._threaded._here()
    process.lock = Waited(waiting)  # type: ignore[assignment]
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert log == ["start"]
    assert len(errors) == 2
    assert len({*errors}) == 1


class Waited:
    """A lock that tells when a second thread waits for it."""

    def __init__(self, waiting: threading.Event) -> None:
        self._lock = threading.Lock()
        self._waiting = waiting

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._waiting.set()
            self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


def test_threads_that_are_none(
    registry: Registry, log: list[str], wrap: Wrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where threads are greenlets, nothing starts: neither by a request nor else."""

    def start_new_thread() -> None:
        """Stand where gevent puts its own."""

    tracked(registry, log, "db")
    application = wrap()
    with monkeypatch.context() as patch:
        start_new_thread.__module__ = "gevent.thread"
        patch.setattr("_thread.start_new_thread", start_new_thread)
        for start in (application.start, lambda: request(application)):
            with pytest.raises(PatchedThreadsError, match="gevent has replaced"):
                start()
        assert log == []
        # A worker for tasks has no requests that would be in the same thread.
        worker = threaded.Threaded(registry)
        worker.start()
        worker.stop()
    assert log == ["+db", "-db"]


def test_refused(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """Where the registry forbids it, requests start nothing and say who should."""
    tracked(registry, log, "db")
    registry.lazy = False
    application = wrap()

    with pytest.raises(LazyRefusedError, match="If the server has a hook"):
        request(application)
    application.start()
    request(application)

    assert log == ["+db"]


def test_interrupted(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """What interrupts the first request, as gunicorn does, unwinds and goes on."""

    class Interrupted(threaded.LoopThread):
        def start(self) -> None:
            super().start()
            self.stop()
            raise SystemExit(1)

    tracked(registry, log, "db")
    application = wrap()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threaded, "LoopThread", Interrupted)
        with pytest.raises(SystemExit):
            request(application)

    assert log == ["+db", "-db"]


def unwinding(log: list[str], released: threading.Event) -> Hook:
    """Return a start that Ctrl-C interrupts, and another one in what unwinds it.

    The first time only; then it waits until the test has released it.
    """

    async def hang() -> None:
        if "cancelled" in log:
            return
        press_ctrl_c()
        try:
            await asyncio.Event().wait()
        finally:
            press_ctrl_c()
            await until(released.is_set)
            log.append("cancelled")

    return hang


def interrupted_twice(
    registry: Registry, log: list[str], wrap: Wrap
) -> tuple[LifespanWSGIApplication, threading.Event]:
    """Return an application whose start is being unwound, and what ends that."""
    released = threading.Event()
    db = tracked(registry, log, "db")
    tracked(registry, log, "search", requires=db, enter=unwinding(log, released))
    application = wrap()
    with pytest.raises(KeyboardInterrupt):
        application.start()
    return application, released


@pytest.mark.parametrize("again", [False, True])
def test_interrupted_twice(
    registry: Registry, log: list[str], wrap: Wrap, *, again: bool
) -> None:
    """A second signal does not wait for the start to be unwound; what follows does.

    That is the exit, or the next request where the process lives on.
    """
    application, released = interrupted_twice(registry, log, wrap)
    assert log == ["+db"]

    timer = threading.Timer(0.1, released.set)
    timer.start()
    if again:
        request(application)
    application.stop()
    timer.join()

    served = ["+db", "+search", "-search", "-db"] if again else []
    assert log == ["+db", "cancelled", "-db", *served]
    assert loop_threads() == []


def test_stopped_while_a_start_is_unwound(
    registry: Registry, log: list[str], wrap: Wrap
) -> None:
    """A stop calls off the start that waits for the end of the last one."""
    application, released = interrupted_twice(registry, log, wrap)

    process = application._threaded._here()

    def stop() -> None:
        asyncio.run(until(lambda: process.starting is not None))
        application.stop()

    def release() -> None:
        asyncio.run(until(lambda: process.starting and process.starting._is_cancelled))
        released.set()

    with concurrent.futures.ThreadPoolExecutor() as pool:
        others = [pool.submit(stop), pool.submit(release)]
        with pytest.raises(asyncio.CancelledError):
            application.start()
        for other in others:
            other.result(DEADLINE)

    assert log == ["+db", "cancelled", "-db"]
    assert loop_threads() == []


def test_run_beside_an_interrupted_start(
    registry: Registry, log: list[str], wrap: Wrap
) -> None:
    """A start that is unwound by now does not keep a request from another run."""
    released = threading.Event()
    released.set()
    tracked(registry, log, "search", enter=unwinding(log, released))
    application = wrap()
    with pytest.raises(KeyboardInterrupt):
        application.start()
    asyncio.run(until(lambda: loop_threads() == []))

    with registry.run_in_thread():
        request(application)
    application.stop()

    assert log == ["cancelled", "+search", "-search"]


def test_interrupted_before_the_thread_is_there(
    registry: Registry, log: list[str], wrap: Wrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal at the very beginning of the start leaves no one waiting for ever."""
    loops: list[asyncio.AbstractEventLoop] = []

    def interrupt(thread: threaded.LoopThread) -> None:
        loops.append(thread.loop)
        raise SystemExit

    tracked(registry, log, "db")
    application = wrap()
    with monkeypatch.context() as patch:
        patch.setattr(threaded.LoopThread, "_launch", interrupt)
        with pytest.raises(SystemExit):
            application.start()
    application.stop()
    loops[0].close()

    application.start()
    application.stop()
    assert log == ["+db", "-db"]


def test_no_thread_to_be_had(
    registry: Registry, log: list[str], wrap: Wrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no thread can be started, that is what the request is told."""

    def refuse(thread: object) -> None:
        raise RuntimeError("can't start new thread")

    tracked(registry, log, "db")
    application = wrap()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(LazyStartError, match="can't start new thread"):
            request(application)
    request(application)

    assert log == ["+db"]


@pytest.mark.parametrize("early", [True, False])
def test_stop_during_the_start(
    registry: Registry,
    log: list[str],
    wrap: Wrap,
    monkeypatch: pytest.MonkeyPatch,
    *,
    early: bool,
) -> None:
    """A stop from another thread gives up a start that is under way."""
    begun = threading.Event()
    stopped = threading.Event()
    launch = threaded.LoopThread._launch

    def stop_first(thread: threaded.LoopThread) -> None:
        thread.cancel()
        launch(thread)

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    def stop() -> None:
        assert begun.wait(DEADLINE)
        application.stop()
        stopped.set()

    if early:
        monkeypatch.setattr(threaded.LoopThread, "_launch", stop_first)
    tracked(registry, log, "db")
    tracked(registry, log, "search", requires="db", enter=hang)
    application = wrap()
    thread = threading.Thread(target=stop)
    thread.start()

    with pytest.raises(asyncio.CancelledError):
        application.start()

    begun.set()
    thread.join(DEADLINE)
    assert stopped.is_set()
    assert log in ([], ["+db", "-db"])


def test_stop_when_the_start_is_over(
    registry: Registry, log: list[str], wrap: Wrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a start that is over already when the stop comes one that has been."""
    launch = threaded.LoopThread._launch

    def stop_late(thread: threaded.LoopThread) -> None:
        launch(thread)
        concurrent.futures.wait((thread._started,), DEADLINE)
        thread.cancel()

    monkeypatch.setattr(threaded.LoopThread, "_launch", stop_late)
    tracked(registry, log, "db")

    with pytest.raises(asyncio.CancelledError):
        wrap().start()

    assert log == ["+db", "-db"]


def test_stop_in_a_signal_handler(
    registry: Registry, log: list[str], wrap: Wrap
) -> None:
    """A handler that interrupts the start, or the stop, may stop as well."""
    application = wrap()
    before = signal.signal(signal.SIGINT, lambda *_: application.stop())

    async def hang() -> None:
        if "-db" not in log:
            press_ctrl_c()
            await asyncio.Event().wait()

    db = tracked(registry, log, "db", leave=press_ctrl_c)
    tracked(registry, log, "search", requires=db, enter=hang)
    try:
        with pytest.raises(asyncio.CancelledError):
            application.start()
        assert log == ["+db", "-db"]
        application.start()
        application.stop()
    finally:
        signal.signal(signal.SIGINT, before)

    assert log == ["+db", "-db", "+db", "+search", "-search", "-db"]


def test_cancelled_before_the_start(registry: Registry, log: list[str]) -> None:
    """A start that was cancelled before it has begun comes to nothing."""
    tracked(registry, log, "db")
    thread = threaded.LoopThread(registry.run())
    thread.cancel()

    with pytest.raises(asyncio.CancelledError):
        thread.start()
    assert log in ([], ["+db", "-db"])


def test_interrupted_stop(
    registry: Registry, log: list[str], wrap: Wrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop that was interrupted can be asked for once more, as it is at the exit."""

    def interrupt(thread: object) -> None:
        raise KeyboardInterrupt

    tracked(registry, log, "db")
    application = wrap()
    application.start()
    with monkeypatch.context() as patch:
        patch.setattr(threaded.LoopThread, "stop", interrupt)
        with pytest.raises(KeyboardInterrupt):
            application.stop()
    application.stop()

    assert log == ["+db", "-db"]


# --- gunicorn's hooks --------------------------------------------------------------


def test_hooks(registry: Registry, log: list[str], wrap: Wrap) -> None:
    """The hooks start and stop whatever applications there are in the process."""
    tracked(registry, log, "db")
    application = wrap()

    post_worker_init(None)
    assert log == ["+db"]
    worker_exit(None, None)
    assert log == ["+db", "-db"]
    del application


def test_second_signal_while_a_worker_quits(wrap: Wrap) -> None:
    """It is ignored until the first has been handled; the next is heard again."""
    heard: list[int] = []

    class Worker:
        def handle_quit(self, number: int, frame: object) -> None:
            heard.append(number)
            if len(heard) < 9:
                signal.raise_signal(signal.SIGQUIT)
            raise SystemExit

    worker, application = Worker(), wrap()
    before = {
        number: signal.signal(number, worker.handle_quit)
        for number in (signal.SIGINT, signal.SIGQUIT)
    }
    try:
        post_worker_init(worker)
        for number in before:
            with pytest.raises(SystemExit):
                signal.raise_signal(number)
    finally:
        worker_exit(None, worker)
        for number, handler in before.items():
            signal.signal(number, handler)
    del application

    assert heard == [signal.SIGINT, signal.SIGQUIT]


@pytest.mark.parametrize(
    ("kind", "raised"), [(OSError, StartupError), (SystemExit, RuntimeError)]
)
def test_hook_fails(
    registry: Registry, wrap: Wrap, kind: type[BaseException], raised: type[Exception]
) -> None:
    """A start that fails is an error that ends gunicorn, SystemExit as well."""
    tracked(registry, [], "db", enter=boom("no licence", kind))
    application = wrap()

    with pytest.raises(raised, match="no licence"):
        post_worker_init(application)


# --- processes ---------------------------------------------------------------------

SCRIPT = """
import asyncio, os, sys, threading
from lifespan_registry import on_lifespan
from lifespan_registry.wsgi import LifespanWSGIApplication

@on_lifespan
async def db():
    yield os.getpid()
    {at_exit}
    print("stopped", flush=True)

application = LifespanWSGIApplication(lambda environ, start: [])
"""


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="no threads, see below")
def test_exit() -> None:
    """Without any hook they are stopped at the exit, where threads still work."""
    script = SCRIPT.format(at_exit="await asyncio.to_thread(print, 'thread')")
    assert output_of(script + "application.start()") == ["thread", "stopped"]


def test_exit_without_threads() -> None:
    """In Python 3.12, no thread can be started at the exit; the rest works."""
    script = SCRIPT.format(at_exit="await asyncio.sleep(0)")
    assert output_of(script + "application.start()") == ["stopped"]


def test_failed_stop_at_exit() -> None:
    """An error at the exit is logged, and lets everybody else exit."""
    script = SCRIPT.format(at_exit="raise OSError")
    assert output_of(
        f"import logging, sys\nlogging.basicConfig(stream=sys.stdout)\n{script}"
        "import atexit; atexit.register(print, 'the rest')\n"
        "application({}, None)"
    )[-1:] == ["the rest"]


TRY = """
import contextlib, gc, logging, resource, sys, weakref
from lifespan_registry import Registry
from lifespan_registry.exceptions import LazyStartError
from lifespan_registry.wsgi import LifespanWSGIApplication

logging.disable()
registry = Registry()
application = LifespanWSGIApplication(lambda environ, start: [], registry=registry)

def ask():
    with contextlib.suppress(LazyStartError):
        return application({}, None)
"""


def test_failures_are_forgotten() -> None:
    """However often the start fails, the last failure alone is kept."""
    script = """
class Down(Exception):
    pass

@registry.on_lifespan
async def db():
    error = Down()
    failures.append(weakref.ref(error))
    raise error
    yield

failures = []
for _ in range(5):
    ask()
gc.collect()
print([failure() is None for failure in failures])
"""
    assert output_of(TRY + script) == ["[True, True, True, True, False]"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit to set")
def test_no_loop_to_be_had() -> None:
    """Where too many files are open, the request is told so; the next one starts."""
    script = """
@registry.on_lifespan
async def db():
    print("+db")
    yield
    print("-db")

registry.run_in_thread()  # what is imported now needs no file then
sys.unraisablehook = lambda _: None  # asyncio's, of a loop half made
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
for limit in (3, soft):
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        application({}, None)
    except LazyStartError as error:
        print("Too many open files" in str(error))
application.stop()
"""
    assert output_of(TRY + script) == ["True", "+db", "-db"]


def test_python_has_changed(
    registry: Registry,
    log: list[str],
    wrap: Wrap,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without Python's internal hook the public one is taken, with a warning."""
    registered: list[Callable[[], None]] = []
    monkeypatch.delattr(threading, "_register_atexit")
    monkeypatch.setattr(atexit, "register", registered.append)
    tracked(registry, log, "db")
    application = wrap()

    application.start()
    assert caplog.text.count("In this version of Python lifespans that a server") == 1
    for function in registered:
        function()
    assert log == ["+db", "-db"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_fork() -> None:
    """A child of a fork has its own lifespans, even if a lock was held meanwhile."""
    script = SCRIPT.format(at_exit="print(os.getpid() == parent, flush=True)")
    assert output_of(
        script
        + """
parent = os.getpid()
application.start()
application._threaded._here().lock.acquire()
if pid := os.fork():
    assert os.waitpid(pid, 0) == (pid, 0)
    application._threaded._here().lock.release()
    application.stop()
else:
    application.stop()
    application.start()
    print(db.get() == os.getpid(), flush=True)
"""
    ) == ["True", "False", "stopped", "True", "stopped"]


def test_import_starts_nothing() -> None:
    """The import and the wrapping load no Django, and start no thread."""
    assert output_of(
        SCRIPT.format(at_exit="pass")
        + "print(threading.active_count(), 'django' in sys.modules)"
    ) == ["1 False"]
