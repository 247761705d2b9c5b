"""Uvicorn, as it is: requests have the state, and every way to stop it stops all."""

from __future__ import annotations

import concurrent.futures
import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.servers.process import WITHIN
from tests.servers.served import Served

STARTED = [
    "+database in task 'lifespan database'",
    "+files in thread 'lifespan files'",
    "+worker in task 'lifespan worker'",
]
STOPPED = [
    "-worker in task 'lifespan worker'",
    "-files in thread 'lifespan files'",
    "-database in task 'lifespan database'",
]


def uvicorn(folder: Path, behaviour: str = "") -> Served:
    """Start Uvicorn on a port that the system chooses."""
    return Served(
        folder,
        "uvicorn",
        "tests.servers.project.asgi:application",
        "--port=0",
        behaviour=behaviour,
    )


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that tests only read from."""
    with uvicorn(tmp_path_factory.mktemp("uvicorn")) as server:
        server.wait_until_up()
        yield server
        server.send(signal.SIGTERM)
        server.wait()


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> Iterator[Served]:
    """A server of the test alone, which is up."""
    with uvicorn(tmp_path) as server:
        server.wait_until_up()
        yield server


@pytest.fixture(name="pool")
def _pool() -> Iterator[concurrent.futures.Executor]:
    """Threads for requests that take their time."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield pool


# --- requests ----------------------------------------------------------------------


def test_started_before_the_first_request(server: Served) -> None:
    """Lifespans are entered once, before the first request is answered."""
    server.get("/async/")

    assert server.events[:4] == [*STARTED, "request"]
    assert server.events.count(STARTED[0]) == 1


def test_all_ways_lead_to_one_object(server: Served) -> None:
    """Async and sync views find the same object on every way and in every request."""
    answers = [server.get(path).json() for path in ("/async/", "/sync/") * 2]

    assert answers == [[answers[0][0]] * 5] * 4


def test_websocket_has_the_state(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A websocket of an application beside Django has the same object."""
    monkeypatch.setenv("NO_PROXY", "*")
    address = f"ws://127.0.0.1:{server.port}/websocket/"
    with connect(address, open_timeout=WITHIN) as websocket:
        identity = json.loads(websocket.recv(WITHIN))

    assert identity == server.get("/async/").json()[0]


def test_many_requests(server: Served, pool: concurrent.futures.Executor) -> None:
    """Two hundred requests by eight connections see one object, and not one error."""

    def ask(path: str) -> list[list[int]]:
        with server.client() as client:
            return [client.get(path).raise_for_status().json() for _ in range(25)]

    answers = [*pool.map(ask, ["/async/", "/sync/"] * 4)]

    assert answers == [[[answers[0][0][0]] * 5] * 25] * 8


# --- stopping ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)]
)
def test_signal_stops_in_reverse(
    own: Served, number: signal.Signals, code: int
) -> None:
    """A signal exits all in reverse, each in the task or thread of its start."""
    own.send(number)

    assert own.wait() == code
    assert own.events == [*STARTED, *STOPPED]
    assert "Application shutdown complete" in own.output
    assert "Traceback" not in own.output


def test_request_in_flight_keeps_its_resources(
    own: Served, pool: concurrent.futures.Executor
) -> None:
    """A request that is under way at SIGTERM is finished before anything is exited."""
    response = pool.submit(own.get, "/slow/")
    own.wait_for_event("slow request")
    own.send(signal.SIGTERM)
    own.wait_for("Waiting for connections to close")

    own.release()

    assert response.result(WITHIN).json() == [True, True]
    own.wait()
    assert own.events == [*STARTED, "slow request", "slow response", *STOPPED]


def test_second_interrupt_while_draining(own: Served) -> None:
    """A second Ctrl-C, for which Uvicorn cancels all tasks, exits all the same."""
    with socket.create_connection(("127.0.0.1", own.port), WITHIN) as connection:
        connection.sendall(b"GET /background/ HTTP/1.1\r\nHost: testserver\r\n\r\n")
        own.wait_for_event("background")
    own.send(signal.SIGINT)
    own.wait_for("Waiting for background tasks to complete")

    own.send(signal.SIGINT)

    assert own.wait() == 0
    assert own.events == [*STARTED, "background", *STOPPED]
    assert "Waiting for application shutdown" not in own.output


# --- trouble -----------------------------------------------------------------------


def test_failed_start(tmp_path: Path) -> None:
    """A failed start is unwound and told with its traceback; no port is served."""
    with uvicorn(tmp_path, "fail") as server:
        code = server.wait()

    assert code == 3
    assert server.events == [*STARTED, *STOPPED]
    assert "1 lifespan failed to start:\n    'failing' (tests" in server.output
    assert "RuntimeError: no connection" in server.output
    assert "in connect" in server.output
    assert "Application startup failed. Exiting." in server.output
    assert "Uvicorn running" not in server.output


def test_hung_exit(tmp_path: Path) -> None:
    """A lifespan that refuses to stop is given up, and the process ends."""
    with uvicorn(tmp_path, "hang") as server:
        server.wait_until_up()
        began = time.monotonic()
        server.send(signal.SIGTERM)
        server.wait()
        seconds = time.monotonic() - began

    assert server.events == [*STARTED, "-hanging", *STOPPED]
    origin = r"'hanging' \(tests/servers/project/lifespans\.py:\d+\)"
    assert re.search(f"{origin} takes too long to stop: cancelling it", server.output)
    assert re.search(
        f"{origin} is given up, and left behind: it ignores its cancellation",
        server.output,
    )
    assert re.search(f"{origin} has not stopped within 0.3 s", server.output)
    assert seconds < 10


def test_crash_while_serving(own: Served) -> None:
    """A lifespan that crashes is named in the log; the server serves on, and stops."""
    own.get("/crash/")
    own.wait_for(r"lifespan 'worker' \(tests.* crashed")
    own.wait_for("RuntimeError: the worker is out of memory")

    assert own.get("/crashed/").text.startswith(
        "lifespan 'worker' has no value any more: it crashed at "
    )
    assert len(own.get("/async/").json()) == 5

    own.send(signal.SIGINT)
    assert own.wait() == 0
    assert own.events == [*STARTED, "request", *STOPPED[1:]]
