"""Django's autoreloader, without the loss of what the server has open.

Django's parent process kills its child 0.25 s after Ctrl-C, and at once at SIGTERM. Its
child ends under a server that is still running, in a thread that is not waited for.
Here the parent passes signals on, and waits; the child ends the server first.
(Django 5.2 to 6.1, ``django/utils/autoreload.py``.)
"""

from __future__ import annotations

import contextlib
import logging
import operator
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any, NoReturn

from django.core.management.commands.runserver import Command as Runserver
from django.utils import autoreload

from lifespan_registry._core.registry import default_registry
from lifespan_registry.exceptions import PlanError
from lifespan_registry.servers.departure import FORCED, Departure, Signals

logger = logging.getLogger("lifespan_registry")

RELOAD = 3
"""The exit code with which a child asks its parent for another child."""

EXIT_PATIENCE = 1.0
"""How many seconds Python has to exit when the server has ended."""

_PARENT = "LIFESPAN_REGISTRY_RELOADER"
"""The environment variable by which a child knows that its parent is ours."""

_INTERNALS = (
    "BaseReloader.stop",
    "DJANGO_AUTORELOAD_ENV",
    "get_child_arguments",
    "get_reloader",
    "start_django",
)
"""What is used of `django.utils.autoreload`; nothing of it is documented."""


class GracefulReload(Runserver):
    """A ``runserver`` whose server is ended, and waited for, before its process ends.

    A subclass, this one first among its bases, calls its server within `serving()`, in
    `inner_run()`.
    """

    stop_timeout = 15.0
    """How many seconds the server has to end, beside what lifespans may take for it.

    After that the process ends without.
    """

    def run(self, **options: Any) -> None:
        """Call `inner_run()`, in a child process that is reloaded if that is asked for.

        Raises `SystemExit` in processes with the reloader.
        """
        self._departure = Departure()
        self._has_returned = threading.Event()
        missing = [name for name in _INTERNALS if not _has(name)]
        if not options["use_reloader"]:
            with contextlib.suppress(KeyboardInterrupt):
                self.inner_run(None, **options)
        elif missing:
            self._warn_of_loss(missing)
            super().run(**options)
        elif os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) != "true":
            sys.exit(_Parent().run())
        else:
            self._run_child(options)

    @contextlib.contextmanager
    def serving(self, leave: Callable[[], object]) -> Generator[None]:
        """Stand around the server's run, which *leave* brings to its end.

        *leave* returns at once. It may be called from any thread, in a signal handler
        too, before the server has begun to run as well. Raises `SystemExit` where the
        process has already been told to end.
        """
        with self._departure.serving(leave):
            yield

    def _warn_of_loss(self, missing: list[str]) -> None:
        """Warn once: the environment goes to the children."""
        if _PARENT not in os.environ:
            os.environ[_PARENT] = "true"
            logger.warning(
                "This version of Django has no %s in django.utils.autoreload: the "
                "server is reloaded in Django's own way, which may end it before all "
                "lifespans have been exited. With --noreload they are.",
                " and no ".join(missing),
            )

    def _run_child(self, options: dict[str, Any]) -> None:
        """Serve in a thread, and watch files in this one, as Django does."""
        if _PARENT not in os.environ:
            logger.warning(
                "The parent of this process was started with code that could not be "
                "imported, so that it is Django's own: Ctrl-C gives lifespans 0.25 s "
                "to exit. Start the command anew to give them time."
            )
        reloader = autoreload.get_reloader()

        def end_the_watch() -> NoReturn:
            # Should the exception be lost, as in a destructor, the watch ends by this.
            reloader.stop()
            raise _WatchIsOver

        # Django's logger: the words are its own, and known to its users.
        logging.getLogger("django.utils.autoreload").info(
            "Watching for file changes with %s", type(reloader).__name__
        )
        signals = Signals(end_the_watch)
        signals.handle()
        try:
            try:
                with _lost_in_silence():
                    autoreload.start_django(reloader, self._serve, **options)
            finally:
                signals.mute()
        finally:
            # An edit, a signal: all come here, and none comes between any more.
            self._end(_code_of(sys.exception()))

    def _end(self, code: int) -> None:
        """Have the server end, and wait for it; see to it that the process ends."""
        self._departure.begin()
        patience = self.stop_timeout + _shutdown_limit()
        if not self._departure.wait(min(patience, threading.TIMEOUT_MAX)):
            logger.error(
                "The server has not ended within %g s, and is cut off. Lifespans may "
                "not have been exited. Does something block the event loop?",
                patience,
            )
            os._exit(code)
        if self._departure.has_served:
            self._has_returned.wait(EXIT_PATIENCE)
        # For other threads Python waits when it exits, as long as they take: those of
        # sync views that go on after their request.
        exit_anyway = threading.Timer(EXIT_PATIENCE, _cut_off, (code,))
        exit_anyway.daemon = True
        exit_anyway.start()

    def _serve(self, **options: Any) -> None:
        try:
            self.inner_run(**options)
        except SystemExit:
            # As after any error, the reloader goes on.
            if not self._departure.has_begun:
                self.stdout.write("The server starts anew when a file is edited.")
            raise
        finally:
            self._has_returned.set()


class _WatchIsOver(SystemExit):
    """Brings the main thread out of its watch."""


@contextlib.contextmanager
def _lost_in_silence() -> Generator[None]:
    """Print nothing where Python runs a destructor as `_WatchIsOver` is raised."""
    tell = sys.unraisablehook

    def tell_of_others(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, _WatchIsOver):
            tell(unraisable)

    sys.unraisablehook = tell_of_others
    try:
        yield
    finally:
        sys.unraisablehook = tell


def _has(name: str) -> bool:
    """Tell whether Django's reloader still has *name*, which may be in a class."""
    try:
        operator.attrgetter(name)(autoreload)
    except AttributeError:
        return False
    return True


def _code_of(error: BaseException | None) -> int:
    """Return the exit code of a process that *error* brings to its end."""
    code = error.code if isinstance(error, SystemExit) else error
    return code if isinstance(code, int) else int(code is not None)


def _cut_off(code: int) -> None:
    logger.warning(
        "Python has not exited within %g s of the server's end, and is cut off: a "
        "thread of a view goes on, or a function of atexit.",
        EXIT_PATIENCE,
    )
    os._exit(code)


def _shutdown_limit() -> float:
    """Return how many seconds all lifespans may take to stop, one after the other."""
    registry = default_registry
    try:
        plan = registry.plan()
    except PlanError:
        return 0.0
    return sum(step.shutdown_limit(registry.limits.shutdown) for step in plan)


class _Parent:
    """The process that the user has started: it starts the others, and ends last."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._heard: list[int] = []

    def run(self) -> int:
        """Start a child, and another one as often as one asks for it.

        Return the exit code: 0 after a signal.
        """
        environment = {**os.environ, autoreload.DJANGO_AUTORELOAD_ENV: "true"}
        environment[_PARENT] = "true"
        # This is all that is left of python -u.
        if getattr(sys.stdout, "write_through", False):
            environment["PYTHONUNBUFFERED"] = "1"
        arguments = autoreload.get_child_arguments()
        # Handlers that ignore signals would be inherited. Those of Python are not.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)
        code = RELOAD
        while code == RELOAD and not self._heard:
            # As Django does it: what was opened to be inherited is.
            self._child = subprocess.Popen(  # noqa: S603 - what the user has started
                arguments, env=environment, close_fds=False
            )
            if self._heard:
                self._pass_on()
            code = self._child.wait()
        if self._heard:
            return FORCED if self._heard.count(signal.SIGINT) > 1 else 0
        return code

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._heard.append(number)
        self._pass_on()

    def _pass_on(self) -> None:
        # On Windows there is nothing to pass on but a death, and a console's Ctrl-C is
        # heard by all.
        if self._child is not None and os.name != "nt":
            if self._heard.count(signal.SIGINT) > 1:
                self._child.kill()
            else:
                self._child.terminate()
