"""The tasks of the project for taskiq."""

from __future__ import annotations

import os

from lifespan_registry import default_registry
from lifespan_registry.contrib.taskiq import start_with_worker
from tests.contrib.project.lifespans import files, pages, pool
from tests.contrib.project.taskiq_broker import FolderBroker
from tests.servers.project.environment import note, released

broker = FolderBroker(os.environ["PROJECT_QUEUE"])
start_with_worker(broker, tags="worker")


@broker.task("use")
async def use() -> None:
    """Use what is open, on its own loop."""
    run = default_registry.current_run()
    assert run is not None
    assert pages.name not in run.report
    note(f"{files.get()}: {await pool.get().fetch()}")


@broker.task("use in sync code")
def use_in_sync_code() -> None:
    """Use what is open, from a thread."""
    run = default_registry.current_run()
    assert run is not None
    note(f"sync: {run.call(pool.get().fetch)}")


@broker.task("hold")
async def hold() -> None:
    """Go on until the test lets it end."""
    note("held")
    await released()
    note(f"let go: {await pool.get().fetch()}")
