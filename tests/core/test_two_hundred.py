"""A suite of tests that each run all lifespans leaves nothing behind after any."""

from __future__ import annotations

import asyncio
import threading

import pytest

from lifespan_registry import Registry
from tests.core.waiting import DEADLINE
from tests.tracked import tracked

TESTS, COUNT = 200, 20


@pytest.fixture(name="lifespans")
def _lifespans(registry: Registry, log: list[str]) -> None:
    """Twenty of them, some in threads, some that need the one before."""
    for place in range(COUNT):
        before = f"n{place - 1}" if place % 3 == 2 else ()
        tracked(registry, log, f"n{place}", sync=place == 9, requires=before)


def threads() -> set[threading.Thread]:
    """Return the threads that are there, when those of lifespans have ended."""
    all_threads = threading.enumerate()
    ours = [one for one in all_threads if one.name.startswith("lifespan ")]
    # They have said their last word, and may still be on their way out.
    assert [one for one in ours if one.join(DEADLINE)] == []
    return set(threading.enumerate())


@pytest.mark.usefixtures("lifespans")
async def test_async_tests(registry: Registry, log: list[str]) -> None:
    """After each run there are the tasks and the threads that were there before."""
    tasks, before = asyncio.all_tasks(), threads()
    for _ in range(TESTS):
        with registry.override(n3="fake"):
            async with registry.run() as run:
                assert len(run.report) == COUNT
        assert asyncio.all_tasks() <= tasks
        assert threads() <= before  # that of another test may have ended meanwhile
        assert registry.current_run() is None
        assert len(log) == 2 * (COUNT - 1)
        log.clear()


@pytest.mark.usefixtures("lifespans")
def test_sync_tests(
    registry: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each run in a thread, that one has ended, and its loop is closed."""
    loops: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def noted() -> asyncio.AbstractEventLoop:
        loops.append(make())
        return loops[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", noted)
    before = threads()
    for _ in range(TESTS):
        with registry.run_in_thread() as run:
            assert len(run.report) == COUNT
        assert [loop.is_closed() for loop in loops] == [True]
        assert threads() <= before  # that of another test may have ended meanwhile
        assert registry.current_run() is None
        assert len(log) == 2 * COUNT
        loops.clear()
        log.clear()
