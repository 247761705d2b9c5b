"""What gunicorn does at SIGINT to its master alone, which it takes for an emergency."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.servers.rows.row import APPLICATION
from tests.servers.served import STARTED, STOPPED, Served

pytest.importorskip("gunicorn")


def gunicorn(folder: Path, worker: str) -> Served:
    """Start gunicorn with one *worker*, which gets two seconds to stop."""
    return Served(
        folder,
        "gunicorn",
        APPLICATION,
        "--bind=127.0.0.1:{port}",
        "--graceful-timeout=2",
        f"--worker-class={worker}",
    )


def test_own_worker(tmp_path: Path) -> None:
    """Its own worker sends no shutdown, and cancels: everything is exited."""
    with gunicorn(tmp_path, "asgi") as server:
        server.wait_until_up()
        server.send(signal.SIGINT)
        assert server.wait() == 0

    assert server.events == [*STARTED, *STOPPED]


def test_uvicorn_worker(tmp_path: Path) -> None:
    """Uvicorn's worker does not hear of it: it is killed, and nothing is exited."""
    pytest.importorskip("uvicorn_worker")
    with gunicorn(tmp_path, "uvicorn_worker.UvicornWorker") as server:
        server.wait_until_up()
        server.send(signal.SIGINT)
        server.wait()

    assert server.events == STARTED
    assert "SIGKILL" in server.output
