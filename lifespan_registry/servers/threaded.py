"""The lifespans of a registry in each process of a server that has no event loop.

They are started once, whoever asks first, and stopped by who can. Nothing is carried
over a fork: each process has its own.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import contextvars
import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.failures import log_failure, message_of
from lifespan_registry._core.loop_thread import LoopThread
from lifespan_registry.exceptions import (
    LazyRefusedError,
    LazyStartError,
    LifespanError,
    PatchedThreadsError,
)
from lifespan_registry.servers import known, notice

if TYPE_CHECKING:
    from lifespan_registry._core.registry import Registry
    from lifespan_registry._core.run import Run

logger = logging.getLogger("lifespan_registry")

ADVICE = {
    "gunicorn": (
        "Start it with -c python:lifespan_registry.wsgi, or import the hooks of that "
        "module in gunicorn.conf.py."
    ),
    "django": known.RUNSERVER.advice,
}
"""How servers start the lifespans themselves, by their distributions."""

GREENLETS = frozenset({"gevent", "eventlet"})
"""What puts its own in the place of Python's threads."""

OTHERS = (
    "If the server has a hook for a new worker process, let it call the start() of the "
    "application, and another one its stop()."
)


class Threaded:
    """The lifespans of *registry* in the current process, whichever that is.

    *choice* is which of them: what `Registry.run` takes. With *serves_requests*, those
    need threads of their own, and `start()` and `join()` raise `PatchedThreadsError`
    where gevent or eventlet has replaced them.
    """

    def __init__(
        self, registry: Registry, *, serves_requests: bool = False, **choice: Any
    ) -> None:
        self._registry = registry
        self._serves_requests = serves_requests
        self._choice = choice
        self._processes: dict[int, _Process] = {}

    @property
    def failure(self) -> BaseException | None:
        """What the last start has failed of, if it has."""
        return self._here().failure

    @property
    def run(self) -> Run | None:
        """The run of this process, once it has been started, until it is stopped."""
        thread = self._here().thread
        return None if thread is None else thread.run

    def start(self) -> None:
        """Start the lifespans where they are not up; raise what that raises."""
        self._check_threads()
        process = self._here()
        with process.lock:
            if process.thread is None:
                self._start(process)

    def join(self, environ: Mapping[str, Any] | None = None) -> Run | None:
        """Return the run for a request; where nobody has started one, start it.

        One that asks how things are, by its *environ*, does not wait for the start: it
        gets none. After `stop()` there is none either. Raises `LazyStartError` where
        the start has failed, and `LazyRefusedError` where the registry forbids it.
        """
        process = self._here()
        if (thread := process.thread) is not None:
            return thread.run
        if process.is_over:
            return None
        if self._is_down(process):
            self._check_threads()
            if environ is not None and self._registry.is_probe(environ):
                self._begin(process)
                return None
        before = process.failures
        with process.lock:
            if self._is_down(process):
                if process.failure is not None and process.failures != before:
                    # Those who have waited for it need not all try it again.
                    raise LazyStartError(message_of(process.failure))
                self._start_lazily(process)
            thread = process.thread
        return self._registry.current_run() if thread is None else thread.run

    def stop(self) -> None:
        """Stop the lifespans where they are up; raise what that raises.

        A start that is under way in another thread is cancelled, and unwound.
        """
        process = self._here()
        if (starting := process.starting) is not None:
            starting.cancel()
        with process.lock:
            process.is_over = True
            process.notice.close()
            process.unwind()
            if (thread := process.thread) is not None:
                try:
                    thread.stop()
                finally:
                    # If that was interrupted, it can be asked once more.
                    if thread.is_over:
                        process.thread = None

    def _begin(self, process: _Process) -> None:
        """Start the lifespans in a thread, for a request that does not wait for it."""

        def start() -> None:
            # It has been logged; and whoever waits for the next start hears of it.
            with contextlib.suppress(LifespanError):
                self.join()

        if process.starting is None:
            name = "lifespan start"
            threading.Thread(target=start, name=name, daemon=True).start()

    def _here(self) -> _Process:
        # One step for all threads, with a lock that no other process has left locked.
        return self._processes.setdefault(os.getpid(), _Process())

    def _is_down(self, process: _Process) -> bool:
        """Whether a request starts the lifespans, or waits for who does.

        Not so where there are none, or where somebody else has started them.
        """
        if process.is_over or process.thread is not None:
            return False
        is_up = not len(self._registry) or self._registry.is_up_here
        return process.is_busy or not is_up

    def _start_lazily(self, process: _Process) -> None:
        self._registry.check_not_overridden()
        server = known.current_server()
        advice = ADVICE.get(server.package, OTHERS)
        if not self._registry.lazy:
            raise LazyRefusedError(str(server), advice)
        if process.failure is None:
            logger.warning(
                "The first request starts the lifespans, and waits for them: the "
                "server has not started them. It is %s. %s",
                server,
                advice,
            )
        try:
            # What the request has in its context is its own.
            contextvars.Context().run(self._start, process)
        except BaseException as error:
            if error is not process.failure:
                raise
            log_failure(error)
            raise LazyStartError(message_of(error)) from error

    def _start(self, process: _Process) -> None:
        self._registry.warn_if_empty()
        run = self._registry.run(**self._choice)
        run.serves = True
        thread = process.starting = LoopThread(run)
        try:
            # A stop() meanwhile calls this start off.
            process.unwind()
            process.failure = None
            thread.start()
            process.thread, process.is_over = thread, False
        except BaseException:
            process.failure = thread.failure
            process.failures += 1
            if thread.is_there:
                process.left = thread
            raise
        finally:
            process.starting = None
            if thread.is_there:
                _call_at_exit(self._stop_at_exit)
        if self._registry.stopping_on_signal:
            process.notice.enter_context(notice.given(run.announce_stop))

    def _check_threads(self) -> None:
        """Raise `PatchedThreadsError` where threads are greenlets, and requests too.

        asyncio's running loop belongs to the thread of the system, which all share.
        """
        library = str(_thread.start_new_thread.__module__).partition(".")[0]
        if self._serves_requests and library in GREENLETS:
            raise PatchedThreadsError(library)

    def _stop_at_exit(self) -> None:
        try:
            self.stop()
        except BaseException as error:  # noqa: BLE001 - nobody is left to catch it
            log_failure(error)


_ALL: weakref.WeakValueDictionary[Registry, Threaded] = weakref.WeakValueDictionary()


def threaded(registry: Registry) -> Threaded:
    """Return the one that all the applications with *registry* share."""
    return _ALL.setdefault(registry, Threaded(registry, serves_requests=True))


def all_threaded() -> list[Threaded]:
    """Return those that belong to an application, for hooks that are not told which."""
    return list(_ALL.values())


class _Process:
    """What there is in one process."""

    def __init__(self) -> None:
        # A handler of a signal may stop what the interrupted code is starting.
        self.lock = threading.RLock()
        self.starting: LoopThread | None = None
        self.thread: LoopThread | None = None
        self.left: LoopThread | None = None
        self.failure: BaseException | None = None
        self.failures = 0
        self.is_over = False
        self.notice = contextlib.ExitStack()

    @property
    def is_busy(self) -> bool:
        """Whether a start is under way, or is being unwound."""
        is_left = self.left is not None and self.left.is_there
        return self.starting is not None or is_left

    def unwind(self) -> None:
        """Wait until the last start is unwound, if a second signal has cut that off."""
        if self.left is not None:
            self.left.give_up()
            self.left = None


def _call_at_exit(function: Callable[[], None]) -> None:
    """Call *function* when Python exits, before threads cannot be used any more.

    For `atexit` it is too late: then nothing can be run in an executor, and no host
    name be looked up, so that many a client cannot be closed.
    """
    try:
        # Internal to Python, for its own executors; 3.11 to 3.13 have it.
        register: Callable[..., None] = vars(threading)["_register_atexit"]
        register(function)
    except Exception as error:  # noqa: BLE001 - whatever is not as it was
        logger.warning(
            "In this version of Python lifespans that a server does not stop are "
            "stopped late, when no executor can be used any more (%s: %s). Let the "
            "server stop them: gunicorn does with -c python:lifespan_registry.wsgi.",
            type(error).__name__,
            error,
        )
        atexit.register(function)
