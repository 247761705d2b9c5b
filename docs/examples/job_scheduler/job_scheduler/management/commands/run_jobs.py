"""``manage.py run_jobs``: the one process of a deployment that runs jobs."""

import asyncio
from typing import Any

from job_scheduler.lifespans import scheduler

from lifespan_registry.management.base import LifespanCommand


class Command(LifespanCommand):
    """Run jobs, and nothing else, until it is told to stop."""

    help = "Runs the jobs until Ctrl-C or SIGTERM."
    lifespans = (scheduler,)

    async def ahandle(self, *args: Any, **options: Any) -> None:
        """Wait: the scheduler does the rest."""
        await asyncio.Event().wait()
