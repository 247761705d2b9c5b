"""Even where a lifespan had to be left behind, the process ends."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

HEAD = """
import asyncio, contextlib, threading
from lifespan_registry import Registry
from lifespan_registry._core import conductor

conductor.GRACE = 0.05
registry = Registry()

async def ignore():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

@registry.on_lifespan
async def beside():
    yield
    print("beside is clean")
"""

TAIL = """
async def main():
    async with registry.run():
        print("up")

try:
    asyncio.run(main())
except Exception as error:
    print(type(error).__name__)
print("the end")
"""

ENTER = """
@registry.on_lifespan(requires=beside, startup_timeout=0.05, shutdown_timeout=0.05)
async def hung():
    await ignore()
    yield
"""

EXIT = """
@registry.on_lifespan(requires=beside, shutdown_timeout=0.05)
async def hung():
    yield
    await ignore()
"""

ENTER_IN_A_THREAD = """
@registry.on_lifespan(requires=beside, startup_timeout=0.05, shutdown_timeout=0.05)
def hung():
    threading.Event().wait()
    yield
"""

EXIT_IN_A_THREAD = """
@registry.on_lifespan(requires=beside, shutdown_timeout=0.05)
def hung():
    yield
    threading.Event().wait()
"""

AT_START = ["beside is clean", "StartupError", "the end"]
AT_STOP = ["up", "beside is clean", "ShutdownError", "the end"]


NEWLINE = "\n"
IGNORES = "it ignores its cancellation"
THREAD = "its thread cannot be interrupted"


@pytest.mark.parametrize(
    ("lifespan", "told", "why"),
    [
        pytest.param(ENTER, AT_START, IGNORES, id="enter"),
        pytest.param(EXIT, AT_STOP, IGNORES, id="exit"),
        pytest.param(ENTER_IN_A_THREAD, AT_START, THREAD, id="enter in a thread"),
        pytest.param(EXIT_IN_A_THREAD, AT_STOP, THREAD, id="exit in a thread"),
    ],
)
def test_process_ends(lifespan: str, told: list[str], why: str) -> None:
    """asyncio.run() and the interpreter end, though a lifespan never does."""
    code = "".join(map(textwrap.dedent, (HEAD, lifespan, TAIL)))
    process = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )

    assert process.stdout.splitlines() == told
    hung = f"'hung' (<string>:{HEAD.count(NEWLINE) + 2})"
    assert f"{hung} is given up, and left behind: {why}" in process.stderr.splitlines()
