"""Every server, from its start to a crash: who starts, and what orchestrators hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.servers.rows.row import Row, Start
from tests.servers.served import STARTED, STRICT, Served, serve


def asked(server: Served, which: str) -> tuple[int, str]:
    """Return the status of the answer, and what the answer calls it."""
    with server.client() as client:
        response = client.get(f"/lifespans/{which}")
    return response.status_code, response.json()["status"]


def told(server: Served) -> Any:
    """Return what the status page says to programs."""
    with server.client() as client:
        return client.get("/status/?format=json").raise_for_status().json()


def check_status_page(server: Served, row: Row) -> None:
    """Check that the status page is of a process that serves, and has all of them."""
    facts = told(server)
    names = [one["name"] for run in facts["runs"] for one in run["lifespans"]]
    assert {f"+{name}" for name in names} >= {event.split()[0] for event in STARTED}
    if row.workers == 1:
        assert facts["process"]["pid"] == server.get("/pid/").json()
    with server.client() as client:
        text = client.get("/status/").raise_for_status().text
    assert f"all {len(names)} lifespans have started" in text


def check_start_by_a_request(server: Served) -> None:
    """Check that who asks begins the start, and has an answer while it is under way."""
    server.wait_until(server.accepts, "open port")
    assert server.events == []
    assert asked(server, "live")[0] == 200
    server.wait_for_event("+stuck")
    assert asked(server, "ready") == (503, "starting")
    assert asked(server, "live") == (200, "starting")
    assert told(server)["status"] == "starting"
    assert server.events == [*STARTED, "+stuck"]

    server.release()
    server.wait_until(
        lambda: asked(server, "ready") == (200, "started"), "end of the start"
    )


def test_life(row: Row, tmp_path: Path) -> None:
    """It is ready and live when the lifespans are up, and neither after a crash."""
    is_lazy = row.start is Start.FIRST_REQUEST
    behaviour = "stuck" if is_lazy else ""
    with serve(row, tmp_path, behaviour=behaviour, environment=STRICT) as server:
        if is_lazy:
            check_start_by_a_request(server)
        else:
            # Nobody has to ask.
            server.wait_for_event(STARTED[-1], row.workers)
            server.wait_until_up(row.workers)
        assert asked(server, "ready") == asked(server, "live") == (200, "started")
        check_status_page(server, row)

        server.get("/crash/")

        for which in ("ready", "live"):
            # Of several workers, one has a crash to tell.
            server.wait_until(
                lambda which=which: asked(server, which) == (503, "crashed"),
                f"crash in {which}",
            )
