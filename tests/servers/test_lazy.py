"""Servers that send no lifespan: the first request starts what they do not."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import re
from pathlib import Path

import pytest

from lifespan_registry.servers import known
from tests.servers.process import WITHIN
from tests.servers.rows import off
from tests.servers.rows.installed import require
from tests.servers.rows.row import Row
from tests.servers.served import STARTED, STOPPED, Served, serve

SERVERS = {
    off.UVICORN.slug: known.UVICORN,
    off.UVICORN_WORKER.slug: known.UVICORN_WORKER,
    off.GUNICORN.slug: known.GUNICORN,
    off.GRANIAN.slug: known.GRANIAN,
    off.DAPHNE.slug: known.DAPHNE,
}

REFUSED = '{"LAZY": false}'
FAILURE = re.compile(
    r"LazyStartError: the server does not start the lifespans, and their start by "
    r"a request has failed: 1 lifespan failed to start:\n    'failing' \(tests"
)


@pytest.fixture(name="row", scope="module", params=off.ROWS, ids=lambda row: row.slug)
def _row(request: pytest.FixtureRequest) -> Row:
    """Each server that sends no lifespan."""
    row: Row = request.param
    is_strict = request.config.getoption("--all-servers")
    require(row, off.ROWS, is_strict=is_strict)
    return row


def with_settings(row: Row, settings: str) -> Row:
    """Return *row* with the setting of the package, as JSON."""
    environment = {**row.environment, "PROJECT_REGISTRY": settings}
    return dataclasses.replace(row, environment=environment)


def ask(server: Served) -> int:
    """Send a request; return the status of the answer."""
    with server.client() as client:
        return client.get("/async/").status_code


def test_started_by_the_first_requests(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """Requests that come at once wait for one start; a warning names the flag."""
    with serve(row, tmp_path, behaviour="late") as server:
        server.wait_until(server.accepts, "open port")
        assert server.events == []

        answers = [*pool.map(lambda _: server.get("/async/").json(), range(8))]

        assert len({identity for ways in answers for identity in ways}) == 1
        assert server.events == [*STARTED, *["request"] * 8]
        advice = SERVERS[row.slug].advice
        told = f"first request starts the lifespans, .* {re.escape(advice)}"
        assert len(re.findall(told, server.output)) == 1
        assert str(SERVERS[row.slug]) in server.output
        server.terminate()
        assert server.wait() == row.on_term

    assert server.events[-len(STOPPED) :] == STOPPED
    assert "Traceback" not in server.output


def test_failed_start(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """A start that fails is undone, and told to all that wait; the next tries again."""
    with serve(row, tmp_path, behaviour="fail late") as server:
        server.wait_until(server.accepts, "open port")

        with contextlib.ExitStack() as stack:
            # They are made before: the start lasts half a second.
            clients = [stack.enter_context(server.client()) for _ in range(4)]
            answers = [*pool.map(lambda client: client.get("/async/"), clients)]
        assert [answer.status_code for answer in answers] == [500] * 4
        assert server.events == [*STARTED, *STOPPED]
        server.wait_for("in connect\n")
        server.wait_for(FAILURE.pattern)

        assert ask(server) == 500
        assert server.events == [*STARTED, *STOPPED] * 2
        server.terminate()
        assert server.wait() == row.on_term

    assert server.output.count("starts the lifespans") == 1
    assert server.events == [*STARTED, *STOPPED] * 2


def test_refused(row: Row, tmp_path: Path) -> None:
    """With ``LAZY`` switched off nothing is started, and every request is told."""
    with serve(with_settings(row, REFUSED), tmp_path) as server:
        server.wait_until(server.accepts, "open port")
        assert [ask(server), ask(server)] == [500, 500]
        server.wait_for("LazyRefusedError: no lifespans have been started")
        advice = re.escape(f"It is {SERVERS[row.slug]}. {SERVERS[row.slug].advice}")
        server.wait_for(advice)
        server.terminate()
        server.wait()

    assert server.events == []


def test_stop_during_the_start(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """A server that is told to stop during the start leaves nothing open."""
    with serve(row, tmp_path, behaviour="stuck") as server:
        server.wait_until(server.accepts, "open port")
        request = pool.submit(ask, server)
        server.wait_for_event("+stuck")
        server.terminate()
        server.release()
        server.wait()
        requests = [] if request.exception(WITHIN) else ["request"]

    assert server.events == [*STARTED, "+stuck", *requests, *STOPPED]


@pytest.mark.parametrize(
    ("row", "change", "error"),
    [
        (off.UVICORN, "no method", "AttributeError: 'functools.partial' object"),
        (off.UVICORN, "no class", "AttributeError: module 'uvicorn'"),
        (off.UVICORN_WORKER, "no class", "AttributeError: module 'uvicorn'"),
        (off.GUNICORN, "another module", "LookupError: the worker is not on the stack"),
        (off.DAPHNE, "no trigger", "AttributeError: module 'reactor'"),
    ],
    ids=lambda one: one.slug if isinstance(one, Row) else None,
)
def test_internal_is_gone(row: Row, change: str, error: str, tmp_path: Path) -> None:
    """A server that is built otherwise is warned of; an exit in peace stops all."""
    require(row, off.ROWS, is_strict=False)
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings_lazy",
        "PROJECT_CHANGE": change,
    }
    with Served(
        tmp_path, *row.command, environment={**row.environment, **environment}
    ) as server:
        server.wait_until_up()
        server.press_ctrl_c()
        assert server.wait() == 0

    kind = re.escape(str(SERVERS[row.slug]))
    told = f"Under this version of {kind} it is not known how to stop .*{error}"
    assert len(re.findall(told, server.output)) == 1
    # In this one Uvicorn raises the signal anew, which kills it: that is no peace.
    stopped = [] if row is off.UVICORN_WORKER else STOPPED
    assert server.events == [*STARTED, *stopped]
