"""Every server, asked whether it is ready and live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.rows import ROWS
from tests.servers.rows.installed import require
from tests.servers.rows.row import Row, Start
from tests.servers.served import STARTED, Served, serve

LAZY = [row for row in ROWS if row.start is Start.FIRST_REQUEST]


def asked(server: Served, which: str) -> tuple[int, str]:
    """Return the status of the answer, and what the answer calls it."""
    with server.client() as client:
        response = client.get(f"/lifespans/{which}")
    return response.status_code, response.json()["status"]


def test_crash(row: Row, tmp_path: Path) -> None:
    """It is both when the lifespans are up, and neither after a crash."""
    with serve(row, tmp_path) as server:
        server.wait_until_up(row.workers)
        assert asked(server, "ready") == asked(server, "live") == (200, "started")

        server.get("/crash/")

        for which in ("ready", "live"):
            # Of several workers, one has a crash to tell.
            server.wait_until(
                lambda which=which: asked(server, which) == (503, "crashed"),
                f"crash in {which}",
            )


@pytest.mark.parametrize("row", LAZY, ids=lambda row: row.slug)
def test_start_by_a_request(
    row: Row, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Who asks begins the start, and has an answer while it is under way."""
    require(row, is_strict=request.config.getoption("--all-servers"))
    with serve(row, tmp_path, behaviour="stuck") as server:
        server.wait_until(lambda: server.answers("/lifespans/live"), "answer")
        server.wait_for_event("+stuck")
        assert asked(server, "ready") == (503, "starting")
        assert asked(server, "live") == (200, "starting")
        assert server.events == [*STARTED, "+stuck"]

        server.release()

        server.wait_until(
            lambda: asked(server, "ready") == (200, "started"), "end of the start"
        )
