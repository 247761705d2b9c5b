"""Every server, at a start that fails."""

from __future__ import annotations

import concurrent.futures
import importlib.metadata
import re
from pathlib import Path

from packaging.version import Version

from tests.servers.rows.row import Row, Start
from tests.servers.served import STARTED, STOPPED, Served, serve

FAILING = r"'failing' \(tests/servers/project/lifespans\.py:\d+\)"


def test_failed_start(row: Row, tmp_path: Path) -> None:
    """A failed start is undone, told with its traceback, and nothing is served."""
    gives_up = is_since(row.packages[0], row.gives_up_since)
    ends = row.on_failed_start if gives_up else ()
    with serve(row, tmp_path, behaviour="fail") as server:

        def is_over() -> bool:
            assert not server.answers("/pid/")
            return server.has_ended if ends else STOPPED[-1] in server.events

        server.wait_until(is_over, "end of the start")
        if ends:
            assert server.wait() in row.on_failed_start
        else:
            server.wait_for("RuntimeError: no connection")
            assert not server.has_ended
            server.terminate()
            server.wait()

    check_undone(row, server)
    assert re.search(f"1 lifespan failed to start:\n.*{FAILING}", server.output)
    assert "Traceback (most recent call last)" in server.output
    assert "in connect\n" in server.output
    assert "RuntimeError: no connection" in server.output


def test_term_while_it_starts(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """SIGTERM while lifespans start undoes them, in each worker.

    Some servers give up the start. Others wait for it, and stop then; before 0.41
    Uvicorn ends when it is over, and nothing is exited.
    """
    with serve(row, tmp_path, behaviour="stuck") as server:
        starting = row.workers
        if row.start is Start.FIRST_REQUEST:
            starting = 1
            pool.submit(server.wait_until_up)
        server.wait_until(
            lambda: server.events.count("+stuck") == starting, "start of all workers"
        )
        server.terminate()
        if not row.gives_up_start:
            server.release()
        server.wait()

    entered = [*STARTED, "+stuck"]
    complete = [*entered, *STOPPED]
    notes = [*server.processes.values()]
    has_uvicorn = row.start is Start.SERVER and "uvicorn" in row.packages
    if has_uvicorn and not is_since("uvicorn", "0.41"):
        # A signal by way of a master may come when the start is over.
        assert {*map(tuple, notes)} <= {tuple(entered), tuple(complete)}
    else:
        assert complete in notes
        assert not row.stops_all_workers or notes == [complete] * starting


def check_undone(row: Row, server: Served) -> None:
    """Check that whoever has entered anything has exited it."""
    complete = [*STARTED, *STOPPED]
    notes = [*server.processes.values()]
    # A request that the test has given up on may have led to one more try.
    wholes = [complete * (len(note) // len(complete)) for note in notes]
    if row.stops_all_workers:
        assert notes == wholes
    assert any(
        note and note == whole for note, whole in zip(notes, wholes, strict=True)
    )


def is_since(package: str, version: str) -> bool:
    """Tell whether *package* has at least that *version*."""
    return Version(importlib.metadata.version(package)) >= Version(version)
