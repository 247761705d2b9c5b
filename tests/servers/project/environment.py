"""What a test tells the project, and what the project tells the test."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


def behaves(how: str) -> bool:
    """Tell whether the test has asked for this behaviour."""
    return how in os.environ["PROJECT_BEHAVIOUR"].split()


def note(event: str) -> None:
    """Append *event*, and the process, to the file that the test reads."""
    with Path(os.environ["PROJECT_EVENTS"]).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {event}\n")


async def released() -> None:
    """Wait until the test lets the request go on."""
    # The one who lets it go on is another process.
    while not Path(os.environ["PROJECT_RELEASE"]).exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.01)
