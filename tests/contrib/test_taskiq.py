"""taskiq's worker, as a process: the lifespans are on the loop of its tasks."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from lifespan_registry import Registry
from tests.servers.noted import Noted

PACKAGES = ("taskiq",)

STARTED = ["+pool", "+files"]
STOPPED = ["-files", "-pool"]
USED = "files: open=True for all tenants"
USED_IN_SYNC_CODE = "sync: open=True for all tenants"


class Worker(Noted):
    """``taskiq worker`` for the project in ``tests/contrib/project``."""

    def __init__(
        self, folder: Path, *more: str, behaviour: str = "", workers: int = 1
    ) -> None:
        self._queue = folder / "queue"
        self._queue.mkdir()
        super().__init__(
            folder,
            *("taskiq", "worker", "tests.contrib.project.taskiq_worker:broker"),
            f"--workers={workers}",
            *more,
            behaviour=behaviour,
            environment={
                "DJANGO_SETTINGS_MODULE": "tests.contrib.project.settings",
                "PROJECT_QUEUE": str(self._queue),
            },
        )

    def ask(self, *tasks: str) -> None:
        """Send *tasks*, by their names."""
        from taskiq.kicker import AsyncKicker

        from tests.contrib.project.taskiq_broker import FolderBroker

        async def send() -> None:
            broker = FolderBroker(str(self._queue))
            for task in tasks:
                await AsyncKicker[Any, Any](task, broker, {}).kiq()

        asyncio.run(send())


def test_task_in_flight_at_sigterm(tmp_path: Path) -> None:
    """They start before the first task, and stop after the last one."""
    with Worker(tmp_path) as worker:
        worker.ask("use", "use in sync code")
        worker.wait_for_event(USED)
        worker.wait_for_event(USED_IN_SYNC_CODE)
        worker.ask("hold")
        worker.wait_for_event("held")
        worker.terminate()
        worker.wait_for("Waiting for 1 running tasks")
        worker.release()
        assert worker.wait() == 0

    assert worker.pid not in worker.processes
    assert sorted(worker.events[2:4]) == [USED, USED_IN_SYNC_CODE]
    assert worker.events[:2] + worker.events[4:] == [
        *STARTED,
        "held",
        "let go: open=True for all tenants",
        *STOPPED,
    ]


def test_ctrl_c(tmp_path: Path) -> None:
    """Each worker process has its own run; Ctrl-C, which all hear, stops them."""
    with Worker(tmp_path, workers=2) as worker:
        worker.wait_for_event(STARTED[-1], times=2)
        worker.press_ctrl_c()
        assert worker.wait() == 0

    assert list(worker.processes.values()) == [[*STARTED, *STOPPED]] * 2


def test_failed_start(tmp_path: Path) -> None:
    """Each try is told with file and line; with a limit, the worker ends."""
    with Worker(tmp_path, "--max-fails=1", behaviour="fail") as worker:
        assert worker.wait() != 0

    assert re.search(
        r"'files' \(\S+/lifespans\.py:\d+\): RuntimeError: no files", worker.output
    )
    assert list(worker.processes.values()) == [["+pool", "-pool"]]


def test_lifespan_that_ends_the_process(tmp_path: Path) -> None:
    """SystemExit from a lifespan is told, which nobody else would do."""
    with Worker(tmp_path, "--max-fails=1", behaviour="leave") as worker:
        assert worker.wait() != 0

    assert "SystemExit: 7" in worker.output


def test_slow_stop(tmp_path: Path) -> None:
    """A failed stop is told; how long it may take, is for taskiq to say."""
    with Worker(tmp_path, "--shutdown-timeout=60", behaviour="spoil slow") as worker:
        worker.wait_for_event(STARTED[-1])
        worker.terminate()
        assert worker.wait() == 0

    assert worker.events == [*STARTED, *STOPPED]
    assert re.search(
        r"'pool' \(\S+/lifespans\.py:\d+\): RuntimeError: not closed", worker.output
    )


async def test_broker_in_memory(registry: Registry, log: list[str]) -> None:
    """Where tasks run beside the lifespans of a server, they are not started twice."""
    from taskiq import InMemoryBroker

    from lifespan_registry.contrib.taskiq import start_with_worker

    broker = InMemoryBroker(await_inplace=True)
    start_with_worker(broker, registry=registry)

    @registry.on_lifespan
    async def database() -> Any:
        log.append("+database")
        yield "a pool"
        log.append("-database")

    @broker.task
    async def use() -> None:
        log.append(database.get())

    async with registry.run():
        await broker.startup()
        await use.kiq()
        await broker.shutdown()
        assert log == ["+database", "a pool"]
    assert log.pop() == "-database"

    await broker.startup()
    await use.kiq()
    await broker.shutdown()
    assert log == ["+database", "a pool"] * 2 + ["-database"]
