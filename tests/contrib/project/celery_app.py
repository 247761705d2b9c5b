"""The Celery app of the project, and its tasks."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from asgiref.sync import async_to_sync
from celery import Celery

from lifespan_registry import default_registry
from lifespan_registry.contrib.celery import start_with_worker
from tests.contrib.project.queue import settings
from tests.servers.project.environment import behaves, note

app = Celery("project")
app.conf.update(settings(os.environ["PROJECT_QUEUE"]))
start_with_worker(app, tags="worker", only="fiels" if behaves("misspell") else None)
# Its workers are others.
start_with_worker(Celery("another", set_as_current=False), tags="web")
if behaves("hang"):
    # Where coverage is measured, it has a handler that lets the process die.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
if behaves("spawn"):
    app.conf.worker_pool_start_method = "spawn"


@app.task(name="use")
def use() -> None:
    """Use what is open, by all ways that there are."""
    from tests.contrib.project.lifespans import files, pages, pool

    run = default_registry.current_run()
    assert run is not None
    note(f"get: open={pool.get().is_open}, {files.get()}")
    note(f"call: {run.call(pool.get().fetch)}")
    note(f"async_to_sync: {async_to_sync(pool.get().fetch)()}")
    assert pages.name not in run.report


@app.task(name="hold")
def hold() -> None:
    """Go on until the test lets it end."""
    from tests.contrib.project.lifespans import pool

    note("held")
    while not Path(os.environ["PROJECT_RELEASE"]).exists():
        time.sleep(0.01)
    note(f"let go: open={pool.get().is_open}")


@app.task(name="leave")
def leave() -> None:
    """End the child; the one in its place cannot start."""
    Path(os.environ["PROJECT_EVENTS"]).with_name("failing").touch()
    raise SystemExit
