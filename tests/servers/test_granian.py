"""Granian, where a worker ends before its parent hears of it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.servers.rows.granian import ROWS, WORKERS_FIRST
from tests.servers.served import STARTED, STOPPED, serve

pytest.importorskip("granian")


def test_worker_that_ends_first(tmp_path: Path) -> None:
    """It exits all; to the parent it has failed, and the exit code says so."""
    with serve(ROWS[0], tmp_path) as server:
        (worker,) = server.wait_until_up()
        os.kill(worker, signal.SIGINT)

        assert server.wait() == WORKERS_FIRST[-1]

    assert server.processes == {worker: [*STARTED, *STOPPED]}
    assert "Unexpected exit from worker" in server.output
