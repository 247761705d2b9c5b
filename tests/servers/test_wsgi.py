"""Gunicorn with WSGI workers, beyond what every server is asked for."""

from __future__ import annotations

import concurrent.futures
import contextlib
import signal
from pathlib import Path

import httpx
import pytest

from tests.servers.rows.gunicorn_wsgi import command, gthread, hooked
from tests.servers.served import STARTED, STOPPED, UNMEASURED, Served

pytest.importorskip("gunicorn")

REFUSES = {"PROJECT_REGISTRY": '{"LAZY": false}'}
ADVICE = "Start it with -c python:lifespan_registry.wsgi"


# --- with the hooks ----------------------------------------------------------------


def test_hooks_in_a_configuration_of_ones_own(tmp_path: Path) -> None:
    """The hooks work in a gunicorn.conf.py as they do as a module."""
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(
        "from lifespan_registry.wsgi import post_worker_init, worker_exit\n"
    )
    with Served(tmp_path, *command, f"--config={config}") as server:
        server.wait_for_event(STARTED[-1])
        server.wait_until_up()
        server.terminate()
        assert server.wait() == 0

    assert server.events == [*STARTED, *STOPPED]


def test_nothing_in_the_master(tmp_path: Path) -> None:
    """With --preload the master imports the application, and starts nothing."""
    with Served(tmp_path, *hooked, "--preload", "--workers=2") as server:
        workers = server.wait_until_up(2)
        server.terminate()
        server.wait()

    assert server.pid not in workers
    assert server.processes == {one: [*STARTED, *STOPPED] for one in workers}


def test_lifespan_that_ends_the_process(tmp_path: Path) -> None:
    """SystemExit from a lifespan ends the server too; it starts no worker for ever."""
    with Served(tmp_path, *hooked, behaviour="leave") as server:
        assert server.wait() == 3

    assert server.events == [*STARTED, *STOPPED]
    assert "a lifespan has raised SystemExit: no licence while it started" in (
        server.output
    )
    assert "Worker failed to boot" in server.output


def test_killed_with_int(tmp_path: Path) -> None:
    """A bare SIGINT to the master, which aborts requests, exits everything."""
    with Served(tmp_path, *hooked, *gthread) as server:
        server.wait_until_up()
        server.send(signal.SIGINT)
        assert server.wait() == 0

    assert server.events == [*STARTED, *STOPPED]


def test_worker_that_is_too_slow(tmp_path: Path) -> None:
    """A request that is too slow for --timeout costs its worker, which exits all."""
    # It has a second more, and is killed then.
    with Served(tmp_path, *hooked, "--timeout=1", environment=UNMEASURED) as server:
        (old,) = server.wait_until_up()
        with server.client() as client, contextlib.suppress(httpx.TransportError):
            assert client.get("/slow/").status_code == 500
        server.wait_until_up()
        server.wait_for_event(STARTED[0], times=2)

    assert server.processes[old] == [*STARTED, "slow request", *STOPPED]


def test_refuses_nothing_with_the_hooks(tmp_path: Path) -> None:
    """Where requests may not start them, the hooks may."""
    with Served(tmp_path, *hooked, environment=REFUSES) as server:
        server.wait_until_up()


@pytest.mark.parametrize("workers", [1, 2])
def test_application_that_is_not_wrapped(workers: int, tmp_path: Path) -> None:
    """The hooks have nothing to start, and each worker says what is missing."""
    with Served(
        tmp_path,
        *("gunicorn", "django.core.wsgi:get_wsgi_application()", *hooked[2:]),
        f"--workers={workers}",
    ) as server:
        server.wait_until_up(workers)
        server.terminate()
        assert server.wait() == 0

    warning = "the application is not wrapped in LifespanWSGIApplication. In wsgi.py,"
    assert server.output.count(warning) == workers
    assert server.events == []


# --- without them ------------------------------------------------------------------


def test_first_request_warns(tmp_path: Path) -> None:
    """Without the hooks the first request starts them, and says what to change."""
    with Served(tmp_path, *command) as server:
        server.wait_for("Booting worker")
        server.wait_until_up()
        server.get("/sync/")
        server.terminate()
        server.wait()

    assert server.output.count("The first request starts the lifespans") == 1
    assert "It is gunicorn (" in server.output
    assert ADVICE in server.output
    assert server.events == [*STARTED, "request", *STOPPED]


def test_requests_wait_for_the_first_one(
    tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """While one request starts them, the others wait; all is entered once."""
    with Served(tmp_path, *command, *gthread, behaviour="late") as server:
        server.wait_for("Booting worker")
        answers = [*pool.map(server.get, ["/async/", "/sync/"] * 2)]

    (ways,) = {tuple(answer.json()) for answer in answers}
    assert len({*ways}) == 1
    assert server.events == [*STARTED, *["request"] * 4]


def test_failed_start_without_hooks(tmp_path: Path) -> None:
    """Each request tries, and is answered 500; the log has the whole traceback."""
    with Served(tmp_path, *command, behaviour="fail") as server:
        server.wait_for("Booting worker")
        answers = [ask(server) for _ in range(2)]
        server.terminate()
        assert server.wait() == 0

    assert answers == [500, 500]
    assert server.events == [*STARTED, *STOPPED] * 2
    assert "in connect\n" in server.output
    assert "LazyStartError: the server does not start the lifespans" in server.output


def test_refused_without_hooks(tmp_path: Path) -> None:
    """Where the settings forbid it, requests are answered 500, and nothing starts."""
    with Served(tmp_path, *command, environment=REFUSES) as server:
        server.wait_for("Booting worker")
        assert ask(server) == 500
        server.wait_for("LazyRefusedError: no lifespans have been started")

    assert ADVICE in server.output
    assert server.events == []


def test_threads_that_are_none(tmp_path: Path) -> None:
    """Under gevent the worker does not start, and says what to do."""
    pytest.importorskip("gevent")
    with Served(
        tmp_path, *hooked, "--worker-class=gevent", environment=UNMEASURED
    ) as server:
        assert server.wait() == 3

    assert server.events == []
    assert "PatchedThreadsError: no lifespans have been started" in server.output
    assert "Take a server with real threads (gunicorn: -k gthread)" in server.output


def test_threads_that_are_none_without_hooks(tmp_path: Path) -> None:
    """Without the hooks each request fails with the reason."""
    pytest.importorskip("gevent")
    with Served(
        tmp_path, *command, "--worker-class=gevent", environment=UNMEASURED
    ) as server:
        server.wait_for("Booting worker")
        assert ask(server) == ask(server, "/lifespans/ready") == 500
        server.wait_for("PatchedThreadsError: no lifespans have been started")

    assert server.events == []


def ask(server: Served, path: str = "/pid/") -> int:
    """Send a request; return the status of its answer."""
    with server.client() as client:
        return client.get(path).status_code
