"""Django's own server, with the lifespans in a thread beside it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from django.core.servers import basehttp

from lifespan_registry._core.failures import log_failure
from lifespan_registry.checks.application import is_wrapped
from lifespan_registry.servers.threaded import all_threaded
from lifespan_registry.wsgi import LifespanWSGIApplication

if TYPE_CHECKING:
    from lifespan_registry.runserver.command import Command

POLL = 0.1
"""After how many seconds at most it sees that it is to end."""

EXIT_CODE = 3
"""That of a start that fails, as with Uvicorn and gunicorn."""


def with_lifespans(application: Any) -> Any:
    """Return *application* with lifespans around it, if there are none in it."""
    if is_wrapped(application, (LifespanWSGIApplication,)):
        return application
    return LifespanWSGIApplication(application)


class _LeaveError(Exception):
    """Raised to get out of the server's loop."""


class WSGIServer(basehttp.WSGIServer):
    """A server that starts the lifespans before it listens, and stops them last."""

    command: Command

    def __init__(self, address: Any, handler: Any, **options: Any) -> None:
        self._has_to_leave = self._is_starting = False
        # The port is taken now, so that it is told if somebody else has it.
        super().__init__(address, handler, bind_and_activate=False, **options)
        try:
            self.server_bind()
        except BaseException:
            self.server_close()
            raise

    def serve_forever(self, poll_interval: float = POLL) -> None:
        """Serve, with all lifespans up.

        Raises `SystemExit` where one fails to start.
        """
        with self.command.serving(self.leave), contextlib.ExitStack() as stack:
            stack.callback(self.server_close)
            stack.callback(_stop)
            began = time.monotonic()
            self._start()
            self.server_activate()
            self.command.announce("WSGI", time.monotonic() - began)
            with contextlib.suppress(_LeaveError):
                super().serve_forever(poll_interval)

    def service_actions(self) -> None:
        """Leave, if that is asked for; `socketserver` calls this again and again."""
        if self._has_to_leave:
            raise _LeaveError

    def leave(self) -> None:
        """Have `serve_forever()` end; a start that is under way is called off.

        Raises `KeyboardInterrupt` for that where it is called in a signal handler, in
        the middle of the start.
        """
        self._has_to_leave = True
        for one in all_threaded():
            if (run := one.run) is not None:
                run.announce_stop()
        if not self._is_starting:
            return
        if threading.current_thread() is self._thread:
            raise KeyboardInterrupt
        threading.Thread(target=_stop, daemon=True).start()

    def _start(self) -> None:
        self._thread = threading.current_thread()
        self._is_starting = True
        if self._has_to_leave:
            # That came before leave() could see that there is a start to call off.
            raise SystemExit
        try:
            for one in all_threaded():
                one.start()
        except BaseException as error:
            if self._has_to_leave:
                raise SystemExit from error
            log_failure(error)
            raise SystemExit(EXIT_CODE) from error
        finally:
            self._is_starting = False


def _stop() -> None:
    """Stop all that has been started, and tell what fails."""
    for one in all_threaded():
        try:
            one.stop()
        except Exception as error:  # noqa: BLE001 - the others are stopped, too
            log_failure(error)
