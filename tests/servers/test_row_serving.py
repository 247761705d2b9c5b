"""Every server, while it serves: lifespans are up, and every request has the state."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidHandshake

from tests.servers.process import WITHIN
from tests.servers.rows.row import Row, Start
from tests.servers.served import STARTED, STOPPED, UNMEASURED, Served, serve

CONNECTIONS = 8
REQUESTS = 250
"""How many each connection sends."""


@pytest.fixture(name="server", scope="module")
def _server(row: Row, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that is asked from the start on, and takes half a second to start.

    In the end, when it is idle, SIGTERM stops all.
    """
    folder = tmp_path_factory.mktemp(row.slug)
    with serve(row, folder, behaviour="late", environment=UNMEASURED) as server:
        server.wait_until_up(row.workers, "/hello/")
        yield server
        server.terminate()
        assert server.wait() == row.on_term
    if row.stops_all_workers:
        ends = [notes[-len(STOPPED) :] for notes in server.processes.values()]
        assert ends == [STOPPED] * row.workers


def test_entered_once_per_worker(row: Row, server: Served) -> None:
    """Those who answer, and no others, have entered all: once, before any answer."""
    assert set(server.processes) == server.wait_until_up(row.workers)
    for notes in server.processes.values():
        assert notes[: len(STARTED) + 1] == [*STARTED, "hello"]
        assert [notes.count(event) for event in STARTED] == [1] * len(STARTED)


def test_what_starts_them(row: Row, server: Served) -> None:
    """A request where nothing else does, and then a warning says so.

    Under WSGI they have an event loop of their own, in a thread; others share theirs.
    """
    warned = "The first request starts the lifespans" in server.output
    assert warned == (row.start is Start.FIRST_REQUEST)

    is_apart = server.get("/loop/").json() == "lifespan loop"
    assert is_apart == (not row.has_scope)
    assert is_apart or row.start is not Start.LOOP


def test_all_ways_lead_to_one_object(row: Row, server: Served) -> None:
    """Async and sync views and websockets find the object of their process."""
    answers = [
        answer
        for _ in range(10)
        for answer in (server.get("/async/").json(), server.get("/sync/").json())
    ]
    assert {len(ways) for ways in answers} == {5 if row.has_scope else 4}
    if row.has_websockets:
        answers += [server.talk() for _ in range(10)]
    else:
        with pytest.raises(InvalidHandshake):
            server.talk()

    identities = {frozenset(ways) for ways in answers}
    assert {len(ways) for ways in identities} == {1}
    assert len(identities) <= row.workers


def test_own_additions(row: Row, server: Served) -> None:
    """What a request, or a websocket, adds to its state is seen there alone."""
    answers = []
    for _ in range(3 * row.workers):
        answers.append(server.get("/mine/").json())
        if row.has_websockets:
            server.talk()

    assert answers == [[[], "a request"]] * len(answers)
    assert "the addition of another websocket" not in server.events


def test_load(row: Row, server: Served, pool: concurrent.futures.Executor) -> None:
    """Two thousand requests by eight connections: no error, the state in each."""

    def ask(path: str) -> list[tuple[int, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, WITHIN)
        answers: list[tuple[int, str]] = []
        for _ in range(REQUESTS):
            connection.request("GET", path)
            response = connection.getresponse()
            answers.append((response.status, response.read().decode()))
        connection.close()
        return answers

    paths = ["/async/", "/sync/"] * (CONNECTIONS // 2)
    answers = [answer for some in pool.map(ask, paths) for answer in some]

    assert len(answers) == CONNECTIONS * REQUESTS
    assert {status for status, _ in answers} == {200}
    ways = [json.loads(body) for body in {body for _, body in answers}]
    assert {len(set(identities)) for identities in ways} == {1}
    assert len(ways) <= row.workers
