"""Every server, at its end: all that was entered is exited, whoever ends it."""

from __future__ import annotations

import concurrent.futures
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from tests.servers.process import WITHIN
from tests.servers.rows.row import Row
from tests.servers.served import STARTED, STOPPED, STRICT, UNMEASURED, Served, serve

HANGING = r"'hanging' \(tests/servers/project/lifespans\.py:\d+\)"
LISTENS = {"PROJECT_REGISTRY": '{"STOPPING_ON_SIGNAL": true}'}

OTHERS = re.compile(
    r"^(?!.*/lifespan_registry/).*: DeprecationWarning: "
    r"|ResourceWarning: unclosed (?:file|<socket)"
    r"|ResourceWarning: Enable tracemalloc"
)
"""What Python's development mode tells of servers: of what they use that is deprecated,
and of files that they leave open."""

DETACHED = re.compile(
    r"^Exception ignored in: <function _SelectorTransport\.__del__ .*\n"
    r"Traceback .*\n(?: .*\n)+TypeError: 'NoneType' object is not iterable\n",
    re.MULTILINE,
)
"""What CPython 3.13 tells of a connection that its server has left to the collector."""

Repeat: TypeAlias = Callable[[Callable[[Path], None]], None]


def check_stopped(
    row: Row, server: Served, workers: set[int], *in_flight: list[str]
) -> None:
    """Check that each of the *workers* has exited all, or what happens instead.

    *in_flight* is what those note that have a request at the stop.
    """
    assert set(server.processes) == workers
    idle = [[]] * (row.workers - len(in_flight))
    wholes = [[*STARTED, *events, *STOPPED] for events in (*in_flight, *idle)]
    notes = [*server.processes.values()]
    if row.stops_all_workers:
        assert sorted(notes) == sorted(wholes), server.output
    else:
        assert any(whole in notes for whole in wholes)
        # The one that is busy is cut off by the end of the other.
        assert not in_flight or wholes[0] not in notes


def check_quiet(row: Row, output: str) -> None:
    """Check that there is no traceback in the *output*."""
    # The handler of gunicorn's sync worker raises SystemExit wherever it is, even while
    # a response that has been sent is closed, and gunicorn prints that.
    is_noisy = "sync" in row.slug and ", in handle_quit" in output
    assert is_noisy or "Traceback" not in DETACHED.sub("", output), output


def test_term(row: Row, repeat: Repeat, pool: concurrent.futures.Executor) -> None:
    """SIGTERM exits all in reverse, each in the task or thread of its start.

    A request that is under way finishes before, with its resources open, where the
    server drains; others cut it off.
    """

    more: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    if "hypercorn" in row.packages:
        # However busy the machine is: 3 s are not what ends a request.
        more = ("--graceful-timeout=30",)
    if not row.stops_all_workers:
        # The busy worker is sent SIGTERM twice. The second one interrupts what coverage
        # does at the first, and the error that comes of it unwinds everything.
        environment = UNMEASURED

    def once(folder: Path) -> None:
        with serve(row, folder, *more, environment=environment) as server:
            workers = server.wait_until_up(row.workers)
            response = pool.submit(server.get, "/slow/")
            server.wait_for_event("slow request")
            server.terminate()
            events = ["slow request"]
            if row.drains:
                server.wait_until_closed()
                server.release()
                assert response.result(WITHIN).json() == [True, True]
                events += ["slow response"]
            else:
                # It is cut off before anybody has let it go on.
                assert response.exception(WITHIN)
            assert server.wait() == row.on_term
        check_stopped(row, server, workers, events)
        if row.drains:
            check_quiet(row, server.output)

    repeat(once)


def test_ctrl_c(row: Row, repeat: Repeat) -> None:
    """Ctrl-C, which every process of the server hears, exits all in reverse.

    Python's development mode, with warnings as errors, has nothing to say of it.
    """

    def once(folder: Path) -> None:
        with serve(row, folder, environment=STRICT) as server:
            workers = server.wait_until_up(row.workers)
            server.press_ctrl_c()
            code = server.wait()
        # Only so does the second of two codes come about.
        is_early = "Unexpected exit from worker" in server.output
        assert code in row.on_interrupt[: 2 if is_early else 1]
        check_stopped(row, server, workers)
        check_quiet(row, server.output)
        told = re.compile("Warning:|never awaited|never retrieved")
        lines = [line for line in server.output.splitlines() if told.search(line)]
        assert [line for line in lines if not OTHERS.search(line)] == []

    repeat(once)


def test_open_stream_and_hung_exit(
    row: Row, tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """At SIGTERM neither a stream nor an exit without an end hold the server up.

    A stream that waits for ``run.stopping`` ends with its resources open, where the
    server drains; others cut it off. An exit that hangs is given up after its time
    limit, and all others are exited.
    """
    path = "/ticks/" if row.has_scope else "/ticks-in-thread/"
    with serve(row, tmp_path, behaviour="hang", environment=LISTENS) as server:
        workers = server.wait_until_up(row.workers)
        response = pool.submit(server.get, path)
        server.wait_for_event("open stream")
        began = time.monotonic()
        server.terminate()
        assert server.wait() in row.on_hung_stop
        # Without an end of the stream some would wait for ever, and gunicorn for 30 s.
        assert time.monotonic() - began < 15

    stopped = ["-hanging", *STOPPED]
    notes = server.processes
    (busy,) = (one for one in workers if "open stream" in notes[one])
    others = [one for one in notes[busy] if "stream" not in one]
    if row.drains:
        assert response.result(WITHIN).text == "tick goodbye"
        closed = "closed stream, with its database open"
        assert notes[busy] == [*STARTED, "open stream", closed, *stopped]
    if row.stops_all_workers:
        idle = [notes[one] for one in workers - {busy}]
        assert others == [*STARTED, *stopped]
        assert idle == [others] * (row.workers - 1)
    assert [*STARTED, *stopped] in (others, *notes.values())
    assert re.search(f"{HANGING} is given up", server.output)
