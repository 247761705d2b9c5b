"""The settings of the project under Hypercorn, with the guard for its workers."""

import signal

from tests.servers.project.settings import *  # noqa: F403
from tests.servers.project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "lifespan_registry.servers.hypercorn"]

# Coverage, where it watches the tests, has put a handler there; the guard would respect
# it.
if getattr(signal.getsignal(signal.SIGTERM), "__module__", "").startswith("coverage."):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
