"""The settings of the project, with another application, or with none.

With ``PROJECT_DROPS``, SIGUSR1 has a destructor run, in which SIGTERM is heard. With
``PROJECT_LINGERS``, the process that serves does not come to its end.
"""

import atexit
import os
import signal
import time

from tests.servers.project.settings import *  # noqa: F403

if not (ASGI_APPLICATION := os.environ.get("PROJECT_ASGI")):
    del ASGI_APPLICATION


class Dropped:
    """Is in the middle of its destructor when the process is told to end."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        # Python calls the handler in one of these steps.
        for _ in range(1000):
            pass


if os.environ.get("PROJECT_DROPS"):
    signal.signal(signal.SIGUSR1, lambda *_: Dropped() and None)

if os.environ.get("PROJECT_LINGERS") and os.environ.get("RUN_MAIN"):
    atexit.register(time.sleep, 600)
