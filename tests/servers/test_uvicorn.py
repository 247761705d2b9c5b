"""Uvicorn, where it has ways of its own: two interrupts, a limit of requests."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from tests.servers.process import WITHIN
from tests.servers.rows.row import APPLICATION
from tests.servers.served import STARTED, STOPPED, Served


def uvicorn(folder: Path, *more: str) -> Served:
    """Start Uvicorn with one worker."""
    return Served(folder, "uvicorn", APPLICATION, "--port={port}", *more)


def test_second_interrupt_while_draining(tmp_path: Path) -> None:
    """A second Ctrl-C, for which Uvicorn cancels all tasks, exits all the same."""
    with uvicorn(tmp_path) as server:
        server.wait_until_up()
        with socket.create_connection(("127.0.0.1", server.port), WITHIN) as connection:
            connection.sendall(b"GET /background/ HTTP/1.1\r\nHost: testserver\r\n\r\n")
            server.wait_for_event("background")
        server.send(signal.SIGINT)
        server.wait_for("Waiting for background tasks to complete")

        server.send(signal.SIGINT)

        assert server.wait() == 0
    assert server.events == [*STARTED, "background", *STOPPED]
    assert "Waiting for application shutdown" not in server.output


def test_limit_of_requests(tmp_path: Path) -> None:
    """After the last request that it is to serve, all is exited and it ends."""
    with uvicorn(tmp_path, "--limit-max-requests=3") as server:
        server.wait_until_up()
        server.get("/async/")
        server.get("/async/")

        assert server.wait() == 0
    assert server.events == [*STARTED, "request", "request", *STOPPED]


def test_crash_while_serving(tmp_path: Path) -> None:
    """A lifespan that crashes is named in the log; the server serves on, and stops."""
    with uvicorn(tmp_path) as server:
        server.wait_until_up()
        server.get("/crash/")
        server.wait_for(r"lifespan 'worker' \(tests.* crashed")
        server.wait_for("RuntimeError: the worker is out of memory")

        assert server.get("/crashed/").text.startswith(
            "lifespan 'worker' has no value any more: it crashed at "
        )
        assert len(server.get("/async/").json()) == 5

        server.send(signal.SIGINT)
        assert server.wait() == 0
    assert server.events == [*STARTED, "request", *STOPPED[1:]]
