"""Every server, at its end: all that was entered is exited, whoever ends it."""

from __future__ import annotations

import concurrent.futures
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tests.servers.process import WITHIN
from tests.servers.rows.row import Row
from tests.servers.served import STARTED, STOPPED, Served, serve

HANGING = r"'hanging' \(tests/servers/project/lifespans\.py:\d+\)"

Repeat: TypeAlias = Callable[[Callable[[Path], None]], None]


def check_stopped(row: Row, server: Served, workers: set[int]) -> None:
    """Check that each of the *workers* has exited all, or what happens instead."""
    assert set(server.processes) == workers
    # The handler of gunicorn's sync worker raises SystemExit wherever it is, even while
    # a response that has been sent is closed, and gunicorn prints that.
    is_noisy = "sync" in row.slug and ", in handle_quit" in server.output
    assert is_noisy or "Traceback" not in server.output, server.output
    complete = [*STARTED, *STOPPED]
    if row.stops_all_workers:
        assert [*server.processes.values()] == [complete] * row.workers
    else:
        assert complete in server.processes.values()


def check_stop(
    row: Row, repeat: Repeat, stop: Callable[[Served], None], code: int
) -> None:
    """Check that *stop* ends the server with *code*, and that all has been exited."""

    def once(folder: Path) -> None:
        with serve(row, folder) as server:
            workers = server.wait_until_up(row.workers)
            stop(server)
            assert server.wait() == code
            check_stopped(row, server, workers)

    repeat(once)


def test_term(row: Row, repeat: Repeat) -> None:
    """SIGTERM exits all in reverse, each in the task or thread of its start."""
    check_stop(row, repeat, Served.terminate, row.on_term)


def test_ctrl_c(row: Row, repeat: Repeat) -> None:
    """Ctrl-C, which every process of the server hears, exits all in reverse."""
    check_stop(row, repeat, Served.press_ctrl_c, row.on_interrupt)


def test_request_in_flight(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """A request that is under way at SIGTERM finishes, with its resources open."""
    with serve(row, tmp_path) as server:
        server.wait_until_up(row.workers)
        response = pool.submit(server.get, "/slow/")
        server.wait_for_event("slow request")
        server.terminate()
        if row.drains:
            server.wait_until_closed()
            server.release()
            assert response.result(WITHIN).json() == [True, True]
            events = ["slow request", "slow response"]
        else:
            # It is cut off before anybody has let it go on.
            assert response.exception(WITHIN)
            events = ["slow request"]
        server.wait()

    notes = next(n for n in server.processes.values() if "slow request" in n)
    stopped = STOPPED if row.stops_all_workers else []
    assert notes == [*STARTED, *events, *stopped]


def test_hung_stop(row: Row, tmp_path: Path) -> None:
    """An exit that hangs is given up after its time limit; all others are exited."""
    with serve(row, tmp_path, behaviour="hang") as server:
        server.wait_until_up(row.workers)
        began = time.monotonic()
        server.terminate()
        assert server.wait() == row.on_hung_stop
        seconds = time.monotonic() - began

    complete = [*STARTED, "-hanging", *STOPPED]
    if row.stops_all_workers:
        assert [*server.processes.values()] == [complete] * row.workers
    assert complete in server.processes.values()
    assert re.search(f"{HANGING} is given up", server.output)
    assert seconds < 10
