"""Every server, at its end, with a stream that goes on until it is told to end."""

from __future__ import annotations

import concurrent.futures
import time
from pathlib import Path

from tests.servers.process import WITHIN
from tests.servers.rows.row import Row
from tests.servers.served import STARTED, STOPPED, serve

LISTENS = {"PROJECT_REGISTRY": '{"STOPPING_ON_SIGNAL": true}'}


def test_open_stream(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """At SIGTERM a stream that waits for ``run.stopping`` ends, and so does the server.

    It ends with its resources open, where the server drains; others cut it off.
    """
    path = "/ticks/" if row.has_scope else "/ticks-in-thread/"
    with serve(row, tmp_path, environment=LISTENS) as server:
        server.wait_until_up(row.workers)
        response = pool.submit(server.get, path)
        server.wait_for_event("open stream")
        began = time.monotonic()
        server.terminate()
        assert server.wait() == row.on_term
        # Without it, some would wait for ever, and gunicorn for 30 s.
        assert time.monotonic() - began < 15
    notes = next(n for n in server.processes.values() if "open stream" in n)
    if row.drains:
        assert response.result(WITHIN).text == "tick goodbye"
        closed = "closed stream, with its database open"
        assert notes == [*STARTED, "open stream", closed, *STOPPED]
    elif row.stops_all_workers:
        assert [one for one in notes if "stream" not in one] == [*STARTED, *STOPPED]
