"""Django's tasks in a database, with their worker as a process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.servers.noted import Noted

PACKAGES = ("django_tasks_db",)

pytest.importorskip("django.tasks", reason="Django 6.0 is the first with tasks")

STARTED = ["+pool", "+files"]
STOPPED = ["-files", "-pool"]


class Manage(Noted):
    """A command of the project in ``tests/contrib/project``."""

    def __init__(self, folder: Path, *arguments: str, behaviour: str = "") -> None:
        super().__init__(
            folder,
            "django",
            *arguments,
            behaviour=behaviour,
            environment={
                "DJANGO_SETTINGS_MODULE": "tests.contrib.project.settings_django_tasks",
                "PROJECT_QUEUE": str(folder),
            },
        )


def ask(folder: Path, *tasks: str) -> None:
    """Put *tasks* into the database."""
    with Manage(folder, "ask", *tasks) as command:
        assert command.wait() == 0, command.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_task_in_flight(number: signal.Signals, tmp_path: Path) -> None:
    """They start before the first task, and stop after the last one."""
    ask(tmp_path, "use", "use_in_async_code", "hold")
    with Manage(tmp_path, "worker", "--no-startup-delay") as worker:
        worker.wait_for_event("held")
        worker.send(number)
        worker.wait_for("shutting down gracefully")
        worker.release()
        assert worker.wait() == 0

    assert worker.processes[worker.pid] == [
        *STARTED,
        "files: open=True for all tenants",
        "async: open=True",
        "held",
        "let go: open=True",
        *STOPPED,
    ]


def test_sigterm_in_between(tmp_path: Path) -> None:
    """A worker that waits for tasks stops at once."""
    ask(tmp_path)
    with Manage(tmp_path, "worker") as worker:
        worker.wait_for("Starting worker")
        worker.terminate()
        assert worker.wait() == 0

    assert worker.events == [*STARTED, *STOPPED]


def test_failed_start(tmp_path: Path) -> None:
    """No task is taken; the message names what has failed."""
    ask(tmp_path, "use")
    with Manage(tmp_path, "worker", behaviour="fail") as worker:
        assert worker.wait() == 1

    assert "RuntimeError: no files today" in worker.output
    assert worker.events == ["+pool", "-pool"]
