"""The same, in a worker that is not built as the guard expects.

``PROJECT_CHANGE`` says what is different, as it may be in another version of Hypercorn.
"""

import multiprocessing
import os
import signal

from tests.servers.project.settings_hypercorn import *  # noqa: F403


def exit_by_signal(number: int, frame: object) -> None:
    """Handle SIGTERM in a way of the project's own."""
    print("the project's own handler", flush=True)
    # Unlike sys.exit(), it cannot be lost in a destructor that the signal interrupts.
    os._exit(128 + number)


process = multiprocessing.current_process()
match os.environ["PROJECT_CHANGE"]:
    case "no arguments":
        del process._kwargs
    case "no target":
        del process._target
    case "no event":
        del process._kwargs["shutdown_event"]
    case "no limits":
        process._kwargs["config"] = None
    case "a handler":
        signal.signal(signal.SIGTERM, exit_by_signal)
