"""Django's tasks of the project."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.tasks import task

from lifespan_registry import default_registry
from tests.contrib.project.lifespans import files, pages, pool
from tests.servers.project.environment import note, released


@task
def use() -> None:
    """Use what is open, in sync code."""
    run = default_registry.current_run()
    assert run is not None
    assert pages.name not in run.report
    note(f"{files.get()}: {run.call(pool.get().fetch)}")


@task
async def use_in_async_code() -> None:
    """Use what is open, on its own loop."""
    answer = await pool.get().fetch()
    note(f"async: {answer.partition(' for ')[0]}")


@task
def hold() -> None:
    """Go on until the test lets it end."""
    note("held")
    async_to_sync(released)()
    note(f"let go: open={pool.get().is_open}")
