"""`Lifespan.get()` in whole processes: a bare script, and a child of fork()."""

from __future__ import annotations

import sys

import pytest

from tests.core.processes import FORKED_CHILD, output_of

NOTHING = "no lifespans have been started in this process."


def test_bare_script() -> None:
    """A script that starts nothing is told that."""
    assert output_of(
        """
from lifespan_registry import on_lifespan
from lifespan_registry.exceptions import NotStartedError

@on_lifespan
async def db():
    yield "db"

try:
    db.get()
except NotStartedError as error:
    print(str(error).splitlines()[0])
"""
    ) == [
        "lifespan 'db' has no value: " + NOTHING,
    ]


def test_script_that_starts_them() -> None:
    """A script runs its lifespans with one ``async with``."""
    assert output_of(
        """
import asyncio
from lifespan_registry import default_registry, on_lifespan
from lifespan_registry.exceptions import StoppedError

@on_lifespan
async def db():
    yield "db"
    print("closed")

async def main():
    async with default_registry.run():
        print(db.get())

asyncio.run(main())
try:
    db.get()
except StoppedError:
    print("stopped")
"""
    ) == ["db", "closed", "stopped"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.parametrize("end", ["return", "raise SystemExit(0)"])
def test_child_that_leaves_the_block(end: str) -> None:
    """A child that goes on where its parent forked it waits for nobody, and ends."""
    assert output_of(
        f"""
import asyncio, logging, os
from lifespan_registry import default_registry, on_lifespan

@on_lifespan
async def db():
    yield
    print("stopped", os.getpid() == parent, flush=True)

async def main():
    async with default_registry.run():
        if pid := os.fork():
            assert os.waitpid(pid, 0) == (pid, 0)
        else:
            {end}

parent = os.getpid()
# In the child asyncio.run() cancels the tasks of the parent, which looks like a crash.
logging.disable()
asyncio.run(main())
"""
    ) == ["stopped True"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_child_of_a_fork() -> None:
    """A child process has none of the values of its parent, and can have its own."""
    assert output_of(
        """
import asyncio
import os
from lifespan_registry import default_registry, on_lifespan
from lifespan_registry.exceptions import NotStartedError

@on_lifespan
async def db():
    yield os.getpid()

async def main():
    async with default_registry.run() as run:
        if pid := os.fork():
            assert os.waitpid(pid, 0) == (pid, 0)
            print("parent", db.get() == os.getpid())
        else:
            status = 1
            try:
                child(run.state)
                status = 0
            finally:
                os._exit(status)

def ask(source=None):
    try:
        print("child", db.get(source), flush=True)
    except NotStartedError as error:
        print("child", str(error).splitlines()[0], flush=True)

async def own():
    async with default_registry.run():
        print("child", db.get() == os.getpid(), flush=True)

def child(state):
    ask()
    ask(state)
    asyncio.events._set_running_loop(None)
    ask()
    asyncio.run(own())

asyncio.run(main())
"""
    ) == [
        *([f"child lifespan 'db' has no value in this process: {FORKED_CHILD}"] * 3),
        "child True",
        "parent True",
    ]


def test_after_a_loop_that_was_left() -> None:
    """A run whose event loop was closed around it does not count any more."""
    assert output_of(
        """
import asyncio
from lifespan_registry import default_registry, on_lifespan
from lifespan_registry.exceptions import StoppedError

@on_lifespan
async def db():
    yield "db"

loop = asyncio.new_event_loop()
run = default_registry.run()
loop.run_until_complete(run.__aenter__())
print(db.get())
loop.close()
try:
    db.get()
except StoppedError as error:
    print(str(error).splitlines()[0])

async def again():
    async with default_registry.run():
        print(db.get(), default_registry.current_run() is not run)

asyncio.run(again())
"""
    ) == [
        "db",
        "lifespan 'db' has no value any more: it has been stopped.",
        "db True",
    ]
