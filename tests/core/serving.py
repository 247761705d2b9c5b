"""A run that can be cancelled, alone or with everything else."""

from __future__ import annotations

import asyncio

import pytest

from lifespan_registry import Registry

each_way = pytest.mark.parametrize(
    "who", [("own",), ("own", "others"), ("others", "own")], ids="+".join
)


class Serving:
    """A run in a task of its own, to be cancelled alone or with all that it started."""

    def __init__(self, registry: Registry, log: list[str]) -> None:
        self._others = asyncio.all_tasks()
        self.run = registry.run()
        self.log = log
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        async with self.run:
            self.log.append("up")
            await self.stop.wait()

    def cancel(self, *who: str) -> None:
        """Cancel the task of the run ("own"), and those of its lifespans ("others")."""
        tasks = {
            "own": {self.task},
            "others": asyncio.all_tasks() - self._others - {self.task},
        }
        for one in who:
            for task in tasks[one]:
                task.cancel()

    async def over(self) -> None:
        """Wait for the end, which is the cancellation; no task is left."""
        with pytest.raises(asyncio.CancelledError):
            await self.task
        assert asyncio.all_tasks() == self._others
