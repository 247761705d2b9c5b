"""Celery's worker, as a process: each process that runs tasks has its own run."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests.contrib.project.queue import settings
from tests.servers.noted import Noted

PACKAGES = ("celery",)

STARTED = ["+pool", "+files"]
STOPPED = ["-files", "-pool"]
USED = [
    "get: open=True, files",
    "call: open=True for all tenants",
    "async_to_sync: open=True for all tenants",
]


class Worker(Noted):
    """``celery worker`` for the project in ``tests/contrib/project``.

    *queue* is the address of a Redis; without it, tasks go through a folder.
    """

    def __init__(
        self,
        folder: Path,
        pool: str,
        *more: str,
        behaviour: str = "",
        queue: str | None = None,
        concurrency: int = 2,
    ) -> None:
        self._queue = queue or str(folder / "queue")
        (folder / "queue").mkdir()
        super().__init__(
            folder,
            *("celery", "-A", "tests.contrib.project.celery_app", "worker"),
            *(f"--pool={pool}", f"--concurrency={concurrency}", "--loglevel=INFO"),
            # A worker without company is up at once.
            *("--without-mingle", "--without-gossip"),
            *more,
            behaviour=behaviour,
            environment={
                "DJANGO_SETTINGS_MODULE": "tests.contrib.project.settings",
                "PROJECT_QUEUE": self._queue,
            },
        )

    def ask(self, *tasks: str) -> None:
        """Send *tasks*, by their names."""
        from celery import Celery

        app = Celery("client", set_as_current=False, fixups=[])
        app.conf.update(settings(self._queue))
        with app.connection() as connection:
            for task in tasks:
                app.send_task(task, connection=connection)


@pytest.mark.parametrize("pool", ["prefork", "solo", "threads"])
def test_task_in_flight_at_sigterm(pool: str, tmp_path: Path) -> None:
    """Each process starts before its first task, and stops after its last one."""
    with Worker(tmp_path, pool, concurrency=1) as worker:
        worker.ask("use", "use")
        worker.wait_for_event(USED[-1], times=2)
        worker.ask("hold")
        worker.wait_for_event("held")
        worker.terminate()
        worker.wait_for("Warm shutdown")
        worker.release()
        assert worker.wait() == 0

    (process,) = worker.processes
    assert (process == worker.pid) is (pool != "prefork")
    assert worker.events == [
        *STARTED,
        *(USED * 2),
        "held",
        "let go: open=True",
        *STOPPED,
    ]


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_ctrl_c(pool: str, tmp_path: Path) -> None:
    """Ctrl-C, which the whole group hears, stops them likewise."""
    with Worker(tmp_path, pool) as worker:
        worker.ask("use")
        worker.wait_for_event(USED[-1])
        worker.press_ctrl_c()
        assert worker.wait() == 1

    for events in worker.processes.values():
        assert [events[:2], events[-2:]] == [STARTED, STOPPED]
    assert len(worker.processes) == (2 if pool == "prefork" else 1)


def test_sigterm_for_all(tmp_path: Path) -> None:
    """A child that gets the signal itself drops its task, and stops what is open."""
    with Worker(tmp_path, "prefork", concurrency=1) as worker:
        worker.ask("hold")
        worker.wait_for_event("held")
        os.killpg(worker.pid, signal.SIGTERM)
        # Whether the worker ends is Celery's affair: without any lifespans, too, it at
        # times waits for a lock that the child had (billiard/pool.py, tell_others).
        worker.wait_for_event(STOPPED[-1])

    assert worker.events[:5] == [*STARTED, "held", *STOPPED]


def test_each_child_for_itself(tmp_path: Path) -> None:
    """A child that is replaced after a task stops its own; the next starts its own."""
    with Worker(
        tmp_path, "prefork", "--max-tasks-per-child=1", concurrency=1
    ) as worker:
        worker.ask("use", "use")
        worker.wait_for_event(USED[-1], times=2)
        worker.wait_for_event(STOPPED[-1], times=2)
        worker.terminate()
        assert worker.wait() == 0

    first, second, *rest = worker.processes.values()
    assert first == second == [*STARTED, *USED, *STOPPED]
    assert all(one == [*STARTED, *STOPPED] for one in rest)


def test_slow_start_and_stop_with_redis(redis: str, tmp_path: Path) -> None:
    """Neither Celery's four seconds for a child nor its shutdown cut them off."""
    with Worker(
        tmp_path, "prefork", behaviour="slow", queue=redis, concurrency=1
    ) as worker:
        worker.ask("use")
        worker.wait_for_event(USED[-1])
        worker.terminate()
        assert worker.wait() == 0

    assert worker.events == [*STARTED, *USED, *STOPPED]
    assert len(worker.processes) == 1


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_failed_start(pool: str, tmp_path: Path) -> None:
    """It is told with file and line, and ends the worker: it is not tried for ever."""
    with Worker(tmp_path, pool, behaviour="fail") as worker:
        assert worker.wait() == 1

    assert re.search(
        r"'files' \(\S+/lifespans\.py:\d+\): RuntimeError: no files", worker.output
    )
    assert set(map(tuple, worker.processes.values())) == {("+pool", "-pool")}
    assert len(worker.processes) <= 2


def test_failed_start_with_redis(redis: str, tmp_path: Path) -> None:
    """Celery's own watch over its children does not start them again either."""
    with Worker(tmp_path, "prefork", behaviour="fail", queue=redis) as worker:
        assert worker.wait() == 1

    assert "RuntimeError: no files today" in worker.output
    assert len(worker.processes) <= 2


def test_failed_start_of_a_later_child(tmp_path: Path) -> None:
    """The tasks of the other children come to their end before the worker does."""
    with Worker(tmp_path, "prefork", behaviour="fail later") as worker:
        worker.ask("hold", "leave")
        worker.wait_for_event("held")
        worker.wait_for("RuntimeError: no files today")
        worker.wait_for("Warm shutdown")
        worker.release()
        assert worker.wait() == 1

    held = [events for events in worker.processes.values() if "held" in events]
    assert held == [[*STARTED, "held", "let go: open=True", *STOPPED]]


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_lifespan_that_ends_the_process(pool: str, tmp_path: Path) -> None:
    """SystemExit from a lifespan is a start that has failed."""
    with Worker(tmp_path, pool, behaviour="leave") as worker:
        assert worker.wait() == 1

    assert "SystemExit: 7" in worker.output
    assert set(map(tuple, worker.processes.values())) == {("+pool", "-pool")}


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_plan_with_an_error(pool: str, tmp_path: Path) -> None:
    """No process starts anything, and the message names what is meant."""
    with Worker(tmp_path, pool, behaviour="misspell") as worker:
        assert worker.wait() == 1

    assert "'fiels'" in worker.output
    assert "Did you mean 'files' (" in worker.output
    assert worker.events == []


def test_sigterm_while_starting(tmp_path: Path) -> None:
    """What has been started is unwound: Celery has no handler for it yet."""
    with Worker(tmp_path, "solo", behaviour="hang") as worker:
        worker.wait_for_event("starting")
        worker.send(signal.SIGTERM)
        assert worker.wait() == 128 + signal.SIGTERM

    assert worker.events == ["starting", "not started"]


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_failed_stop(pool: str, tmp_path: Path) -> None:
    """It is told in the log, and nobody waits for it."""
    with Worker(tmp_path, pool, behaviour="spoil", concurrency=1) as worker:
        worker.wait_for_event(STARTED[-1])
        worker.wait_for("ready")
        worker.terminate()
        assert worker.wait() == 0

    assert re.search(
        r"'pool' \(\S+/lifespans\.py:\d+\): RuntimeError: not closed", worker.output
    )
    assert worker.events == [*STARTED, *STOPPED]


def test_children_that_are_no_forks(tmp_path: Path) -> None:
    """A child that is a new interpreter finds its lifespans itself."""
    # Before Celery 5.7 there are forks alone.
    with Worker(tmp_path, "prefork", behaviour="spawn", concurrency=1) as worker:
        worker.ask("use")
        worker.wait_for_event(USED[-1])
        worker.terminate()
        assert worker.wait() == 0

    assert worker.pid not in worker.processes
    assert worker.events == [*STARTED, *USED, *STOPPED]


def test_failed_start_in_no_fork(tmp_path: Path) -> None:
    """Such a child, too, ends the worker."""
    with Worker(tmp_path, "prefork", behaviour="spawn fail", concurrency=1) as worker:
        worker.wait()

    assert "RuntimeError: no files today" in worker.output
    assert "Warm shutdown" in worker.output
