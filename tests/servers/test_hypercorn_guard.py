"""The guard of Hypercorn's workers, where the row of it does not come by."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import multiprocessing
import os
import re
import signal
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lifespan_registry.servers.hypercorn import guard
from tests.core.processes import output_of
from tests.servers.process import WITHIN
from tests.servers.rows.hypercorn_guard import ROWS
from tests.servers.served import STARTED, STOPPED, UNMEASURED, Served

pytest.importorskip("hypercorn")

(ROW,) = ROWS
SETTINGS = ROW.environment["DJANGO_SETTINGS_MODULE"]
COMPLETE = [*STARTED, *STOPPED]


def hypercorn(folder: Path, *more: str, change: str = "") -> Served:
    """Start two workers with the guard, built as they are but for *change*."""
    environment = {
        "DJANGO_SETTINGS_MODULE": f"{SETTINGS}_changed" if change else SETTINGS,
        "PROJECT_CHANGE": change,
        # In the handler of the project coverage would write its data.
        **(UNMEASURED if change == "a handler" else {}),
    }
    return Served(folder, *ROW.command, *more, environment=environment)


def make_busy(server: Served, pool: concurrent.futures.Executor) -> tuple[int, int]:
    """Send a request that waits; return who has it, and who is idle."""
    workers = server.wait_until_up(2)
    pool.submit(server.get, "/slow/")
    server.wait_for_event("slow request")
    notes = server.processes
    (busy,) = (one for one in notes if "slow request" in notes[one])
    (idle,) = workers - {busy}
    return busy, idle


def wait_until_gone(process: int) -> None:
    """Wait until *process* has ended, whether its parent has asked for it or not."""
    deadline = time.monotonic() + WITHIN
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while " Z " not in Path(f"/proc/{process}/stat").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ("no arguments", r" \(AttributeError: .*'_kwargs'\)\. When a worker is sent "),
        ("no event", r" \(KeyError: 'shutdown_event'\)\. When a worker is sent "),
        ("no limits", r" \(AttributeError: .*'workers'\)\. When a worker is sent "),
        ("no target", None),
    ],
)
def test_worker_of_another_make(
    tmp_path: Path,
    change: str,
    warning: str | None,
    pool: concurrent.futures.Executor,
) -> None:
    """Where an internal is gone, one warning says so, and the signal waits anyway."""
    with hypercorn(tmp_path, change=change) as server:
        busy, idle = make_busy(server, pool)
        server.send(signal.SIGTERM)
        wait_until_gone(idle)
        server.release()
        assert server.wait() == 0

    assert server.processes == {
        idle: COMPLETE,
        busy: [*STARTED, "slow request", "slow response", *STOPPED],
    }
    known = "lifespan_registry.servers.hypercorn does not know this version of "
    assert server.output.count(known) == (2 if warning else 0)
    assert re.search(warning or "", server.output)
    assert "Traceback" not in server.output


def test_worker_with_a_handler(tmp_path: Path) -> None:
    """A handler that is there already stays, and one warning a worker says so."""
    with hypercorn(tmp_path, change="a handler") as server:
        first = min(server.wait_until_up(2))
        os.kill(first, signal.SIGTERM)
        server.wait_for("the project's own handler")
        server.wait()

    warning = "does nothing: SIGTERM has a handler in this worker already (<function "
    assert server.output.count(warning) == 2


def test_killed_worker(tmp_path: Path, pool: concurrent.futures.Executor) -> None:
    """SIGTERM to one worker alone cancels its requests and exits its lifespans.

    Hypercorn then stops the others, as it does without the guard.
    """
    with hypercorn(tmp_path) as server:
        busy, idle = make_busy(server, pool)
        os.kill(busy, signal.SIGTERM)
        os.kill(busy, signal.SIGTERM)
        server.wait()

    assert server.processes == {
        idle: COMPLETE,
        busy: [*STARTED, "slow request", *STOPPED],
    }


def test_signal_to_all(tmp_path: Path, pool: concurrent.futures.Executor) -> None:
    """Where every process gets SIGTERM, as from systemd, a request still finishes."""
    with hypercorn(tmp_path) as server:
        busy, idle = make_busy(server, pool)
        # Whoever comes first: the parent hears of it last.
        for process in (busy, idle, server.pid):
            os.kill(process, signal.SIGTERM)
        wait_until_gone(idle)
        server.release()
        server.wait()

    assert server.processes == {
        idle: COMPLETE,
        busy: [*STARTED, "slow request", "slow response", *STOPPED],
    }


def test_request_that_never_ends(
    tmp_path: Path, pool: concurrent.futures.Executor
) -> None:
    """When Hypercorn's own limits are over, requests are cancelled, and all exits."""
    limits = tmp_path / "limits.toml"
    limits.write_text("graceful_timeout = 0.1\nshutdown_timeout = 0.4\n")
    with hypercorn(tmp_path, "--config", str(limits)) as server:
        busy, idle = make_busy(server, pool)
        server.send(signal.SIGTERM)
        server.wait()

    assert server.processes == {
        idle: COMPLETE,
        busy: [*STARTED, "slow request", *STOPPED],
    }


def test_one_worker_is_left_alone(tmp_path: Path) -> None:
    """A worker without others dies of SIGTERM, as it does without the app."""
    with hypercorn(tmp_path, "--workers=1") as server:
        (worker,) = server.wait_until_up()
        os.kill(worker, signal.SIGTERM)
        server.wait()

    assert server.processes == {worker: STARTED}


ELSEWHERE = """
import multiprocessing, signal, sys
import hypercorn
from lifespan_registry.servers.hypercorn import guard

def install():
    # Whoever measures the coverage of this has a handler of its own.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    guard.install()
    print(signal.getsignal(signal.SIGTERM).name)

if __name__ == "__main__":
    install()
    child = multiprocessing.get_context("fork").Process(target=install)
    child.start()
    child.join()
"""

DYING = """
import asyncio, os, signal
from lifespan_registry.servers.hypercorn.guard import Guard, Worker

signal.signal(signal.SIGTERM, Guard(Worker()).on_term)

def in_child(function):
    if not (child := os.fork()):
        function()
        os._exit(1)
    return signal.Signals(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * -1)

def kill():
    os.kill(os.getpid(), signal.SIGTERM)

async def fork_within():
    return in_child(kill)

print(in_child(kill).name, asyncio.run(fork_within()).name)
"""


def test_processes_that_are_no_workers() -> None:
    """The parent, and a child that other code has started, keep their handlers."""
    assert output_of(ELSEWHERE) == ["SIG_DFL", "SIG_DFL"]


def test_signal_beside_the_loop() -> None:
    """Where no loop runs, and in a fork of a worker, SIGTERM ends the process."""
    assert output_of(DYING) == ["SIGTERM SIGTERM"]


# --- the parts, in this process ----------------------------------------------------


def serve(*_: object) -> None:
    """Stand for what the user's own code has started."""


serve_as_hypercorn = types.FunctionType(
    serve.__code__, {"__name__": "hypercorn.asyncio.run"}
)


class Event:
    """The event that workers share, with what it says."""

    def __init__(self, *, is_set: bool) -> None:
        self.is_set = lambda: is_set


def given(workers: int = 2, **more: Any) -> dict[str, Any]:
    """Return what Hypercorn gives a worker, with times that are short."""
    limits = {"graceful_timeout": 0.01, "shutdown_timeout": 0.01}
    config = types.SimpleNamespace(workers=workers, **limits)
    return {"config": config, "shutdown_event": Event(is_set=True), **more}


@pytest.fixture(name="become")
def _become(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """What makes this process a child, as far as the guard can tell, and guards it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def become(target: Any, kwargs: Any) -> None:
        child = types.SimpleNamespace(_target=target, _kwargs=kwargs)
        monkeypatch.setattr(multiprocessing, "parent_process", lambda: child)
        monkeypatch.setattr(multiprocessing, "current_process", lambda: child)
        guard.install()

    yield become
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("target", "kwargs"), [(serve, given()), (serve_as_hypercorn, given(workers=1))]
)
def test_processes_that_are_left_alone(
    target: Any,
    kwargs: dict[str, Any],
    become: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One that other code has started, and one without others, has no guard."""
    become(target, kwargs)

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert caplog.messages == []


def test_another_thread(become: Callable[..., None]) -> None:
    """Only in the main thread can a handler be set."""
    thread = threading.Thread(target=become, args=(serve_as_hypercorn, given()))
    thread.start()
    thread.join()

    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("is_stopping", [False, True])
def test_loop_is_ended(
    become: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_stopping: bool,
) -> None:
    """A worker that is guarded unwinds all, however often it is told."""
    monkeypatch.setattr(guard, "PATIENCE", 0.01)
    become(serve_as_hypercorn, given(shutdown_event=Event(is_set=is_stopping)))
    ends: list[str] = []

    async def main() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            ends.append("unwound")

    with pytest.raises(SystemExit) as caught:
        asyncio.run(main())

    assert (caught.value.code, ends) == (guard.EXIT_CODE, ["unwound"])


def test_no_loop(become: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no loop runs, the signal has its usual effect."""
    kills: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *call: kills.append(call))
    become(serve_as_hypercorn, given())

    signal.raise_signal(signal.SIGTERM)

    assert kills == [(os.getpid(), signal.SIGTERM)]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
