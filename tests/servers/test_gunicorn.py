"""What gunicorn makes of its hooks, and of SIGINT to its master alone."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lifespan_registry import wsgi
from tests.servers.rows.row import APPLICATION
from tests.servers.served import STARTED, STOPPED, Served

config = pytest.importorskip("gunicorn.config")


def gunicorn(folder: Path, worker: str, *more: str) -> Served:
    """Start gunicorn with one *worker*."""
    return Served(
        folder,
        "gunicorn",
        APPLICATION,
        "--bind=127.0.0.1:{port}",
        f"--worker-class={worker}",
        *more,
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
    worker = "uvicorn_worker.UvicornWorker"
    with gunicorn(tmp_path, worker, "--graceful-timeout=2") as server:
        server.wait_until_up()
        server.send(signal.SIGINT)
        server.wait()

    assert server.events == STARTED
    assert "SIGKILL" in server.output


def test_module_as_configuration() -> None:
    """Gunicorn takes the module for its configuration, and nothing in it but hooks."""
    assert {*vars(wsgi)} & {*config.Config().settings} == {
        "post_worker_init",
        "worker_exit",
    }
