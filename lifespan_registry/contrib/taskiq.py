"""Lifespans in taskiq's workers, on the event loop of the tasks.

Beside the broker::

    broker = RedisStreamBroker("redis://localhost")
    start_with_worker(broker, tags="worker")

(taskiq 0.11.16 to 0.13.) Raises ImportError, at the import, where taskiq is not
installed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.failures import log_failure
from lifespan_registry._core.registry import Registry, default_registry

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names
    from lifespan_registry._core.run import Run

if importlib.util.find_spec("taskiq") is None:
    raise ImportError(
        'taskiq is not installed: pip install "lifespan-registry[taskiq]"',
        name="taskiq",
    )

# It need not be there for those who check the types of this module.
taskiq: Any = importlib.import_module("taskiq")


def start_with_worker(
    broker: Any,
    *,
    only: Names | None = None,
    skip: Names | None = None,
    tags: str | Iterable[str] | None = None,
    registry: Registry = default_registry,
) -> None:
    """Start the lifespans of *registry* with each worker process of *broker*.

    They start before the first task, and stop after the last one. *only*, *skip* and
    *tags* are those of `Registry.run`. A start that fails ends the process; taskiq
    starts it again, unless ``--max-fails`` is given.
    """
    worker = _Worker(registry, {"only": only, "skip": skip, "tags": tags})
    events = taskiq.TaskiqEvents
    broker.add_event_handler(events.WORKER_STARTUP, worker.start)
    broker.add_event_handler(events.WORKER_SHUTDOWN, worker.stop)


class _Worker:
    """The lifespans of one worker process; *choice* is which of them."""

    def __init__(self, registry: Registry, choice: dict[str, Any]) -> None:
        self._registry = registry
        self._choice = choice
        self._run: Run | None = None

    async def start(self, _state: object) -> None:
        """Start them, unless they are up: a broker in memory has no worker."""
        if self._registry.is_up_here:
            return
        self._registry.warn_if_empty()
        run = self._registry.run(**self._choice)
        run.serves = True
        try:
            await run.__aenter__()
        except (Exception, SystemExit) as error:
            # taskiq leaves that to multiprocessing, which is silent on SystemExit.
            log_failure(error)
            raise
        # What runs the tasks is started after this, in the same context.
        run.apply_variables()
        self._run = run

    async def stop(self, _state: object) -> None:
        """Stop them; taskiq calls this after a failed start, too."""
        run, self._run = self._run, None
        if run is not None:
            try:
                await run.__aexit__(None, None, None)
            except Exception as error:  # noqa: BLE001 - taskiq has more to stop
                log_failure(error)
