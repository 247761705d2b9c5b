"""What Django shows when it serves, with what it cannot know."""

from __future__ import annotations

import re

from lifespan_registry._core.registry import default_registry

_LINE = re.compile(r"Starting (?:WSGI )?development server at (\S+)")
"""Django's own line (5.2 to 6.1)."""


def with_server(text: str, server: str, seconds: float, reason: str) -> str:
    """Return Django's *text* with the name of *server*, and the lifespans.

    They have started in so many *seconds*; the *reason* is why it is no better server.
    """
    more = [line for line in (started(seconds), reason) if line]
    own = _LINE.search(text)
    if own is None:
        # Django words it in another way: it stays as it is.
        return text + "".join(f"{line}\n" for line in (f"Server: {server}", *more))
    lines = "\n".join((f"Starting {server} development server at {own[1]}", *more))
    return text[: own.start()] + lines + text[own.end() :]


def started(seconds: float) -> str:
    """Say how many lifespans have started; nothing where that is not known.

    To be called where their run can be found: on its event loop, or in sync code.
    """
    run = default_registry.current_run()
    if run is None:
        return ""
    count = len(run.report)
    if not count:
        return "No lifespans have started: none are registered."
    words = "1 lifespan has" if count == 1 else f"{count} lifespans have"
    return f"{words} started in {seconds:.3f} s."
