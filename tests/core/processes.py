"""Whole processes, in which nothing has been imported yet."""

from __future__ import annotations

import subprocess
import sys

FORKED_CHILD = (
    "what has been started is that of the process that this one was forked from. Its "
    "connections must not be used by two processes, and its event loop is not here."
)
"""What `.get()` says in the child of a fork."""


def output_of(script: str) -> list[str]:
    """Run *script* with all warnings as errors; return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()
