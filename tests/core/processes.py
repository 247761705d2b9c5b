"""Whole processes, in which nothing has been imported yet."""

from __future__ import annotations

import subprocess
import sys


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
