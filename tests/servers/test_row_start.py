"""Every server, at a start that fails."""

from __future__ import annotations

import concurrent.futures
import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.version import Version

from tests.servers.rows.row import Row, Start
from tests.servers.served import STARTED, STOPPED, Served, serve

FAILING = r"'failing' \(tests/servers/project/lifespans\.py:\d+\)"


def test_failed_start(row: Row, tmp_path: Path) -> None:
    """A failed start is undone, told with its traceback, and nothing is served."""
    version = Version(importlib.metadata.version(row.packages[0]))
    ends = row.on_failed_start if version >= Version(row.gives_up_since) else ()
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

    Some servers give up the start. Others wait for it, and stop then.
    """
    if row.start is Start.SERVER and "uvicorn" in row.packages:
        version = Version(importlib.metadata.version("uvicorn"))
        if version < Version("0.41"):
            pytest.skip("before 0.41 Uvicorn ends without a shutdown of its lifespan")
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

    complete = [*STARTED, "+stuck", *STOPPED]
    notes = [*server.processes.values()]
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
