"""The same, under a server that is not built as a start by a request expects.

``PROJECT_CHANGE`` says what is different, as it may be in another version.
"""

import functools
import os
import signal
import sys
import types

from tests.servers.project.settings import *  # noqa: F403

modules = sys.modules
match os.environ["PROJECT_CHANGE"]:
    case "no method":
        kind = modules["uvicorn"].Server
        handle = kind.handle_exit
        kind.handle_exit = property(lambda self: functools.partial(handle, self))
        # Older ones load the application when they handle signals already.
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if isinstance(getattr(handler, "__self__", None), kind):
                signal.signal(number, functools.partial(handler))
    case "no class":
        del modules["uvicorn"].Server
    case "another module":
        vars(modules["gunicorn.workers.gasgi"])["__name__"] = "gunicorn.workers.new"
    case "no trigger":
        modules["twisted.internet.reactor"] = types.ModuleType("reactor")
