"""Every server that replaces its workers: the old exit all, the new enter all."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.rows.row import Recycling, Row, Start
from tests.servers.served import STARTED, STOPPED, UNMEASURED, Served, serve

AGAIN = 10.0
"""After how many seconds a file is edited again, if a reloader began to watch late.

Not sooner: Granian tells a worker that is only starting to stop, and waits for ever.
"""


def hang_up(server: Served) -> Callable[[], None]:
    """Send SIGHUP; there is nothing more to do."""
    server.send(signal.SIGHUP)
    return lambda: None


def ask(server: Served) -> Callable[[], None]:
    """Send one request after the other."""

    def ask_again() -> None:
        server.answers("/pid/")

    return ask_again


def edit(server: Served) -> Callable[[], None]:
    """Edit a file, and again if nothing comes of it."""
    due = 0.0

    def edit_when_due() -> None:
        nonlocal due
        if time.monotonic() > due:
            due = time.monotonic() + AGAIN
            server.edit()

    return edit_when_due


RECYCLE = {Recycling.HUP: hang_up, Recycling.MAX_REQUESTS: ask, Recycling.EDIT: edit}


@pytest.mark.parametrize("way", Recycling)
def test_recycling(row: Row, way: Recycling, tmp_path: Path) -> None:
    """Each old process has exited all, a new one has entered all, and exits all."""
    if way not in row.recycling:
        pytest.skip("the server has nothing of the kind")
    with serve(row, tmp_path, *row.recycling[way], environment=UNMEASURED) as server:
        old = server.wait_until_up(row.workers)
        go_on = RECYCLE[way](server)

        def are_gone() -> bool:
            go_on()
            return all(STOPPED[-1] in server.processes[process] for process in old)

        def is_settled() -> bool:
            # A worker that is still starting may take a signal for one to its startup.
            notes = server.processes
            up = {process for process in notes if STOPPED[0] not in notes[process]}
            # Requests bring the next recycling: none is sent before all can answer,
            # unless it takes a request to start them.
            started = {process for process in up if STARTED[-1] in notes[process]}
            is_lazy = row.start is Start.FIRST_REQUEST
            has_all = is_lazy or len(started) == row.workers
            return has_all and server.wait_until_up(row.workers) == up

        server.wait_until(are_gone, "end of the old workers")
        server.wait_until(is_settled, "calm")
        server.terminate()
        server.wait()

    complete = [*STARTED, *STOPPED]
    notes = server.processes
    assert [notes[process] for process in old] == [complete] * row.workers
    new = [notes[process] for process in notes.keys() - old]
    assert len(new) >= row.workers
    assert complete in new
    if row.stops_all_workers:
        assert new == [complete] * len(new)
