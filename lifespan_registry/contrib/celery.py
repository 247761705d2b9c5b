"""Lifespans in Celery's workers, once in each process that runs tasks.

In the module of the Celery app::

    app = Celery("shop")
    start_with_worker(app, tags="worker")

For the pools ``prefork``, ``solo`` and ``threads``. (Celery 5.4 to 5.7.) Raises
ImportError, at the import, where Celery is not installed.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.failures import log_failure
from lifespan_registry._core.registry import Registry, default_registry
from lifespan_registry.management.stopping import StopSignals
from lifespan_registry.servers.threaded import Threaded
from lifespan_registry.servers.view_loop import ViewLoop

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names

if importlib.util.find_spec("celery") is None:
    raise ImportError(
        'Celery is not installed: pip install "lifespan-registry[celery]"',
        name="celery",
    )

# They have no types.
billiard: Any = importlib.import_module("billiard")
celery: Any = importlib.import_module("celery")
prefork: Any = importlib.import_module("celery.concurrency.prefork")
signals: Any = importlib.import_module("celery.signals")

EXIT_CODE = 1
"""That of a worker whose lifespans have not started; Celery's own for a failure."""


def start_with_worker(
    app: Any,
    *,
    only: Names | None = None,
    skip: Names | None = None,
    tags: str | Iterable[str] | None = None,
    registry: Registry = default_registry,
) -> None:
    """Start the lifespans of *registry* with each worker of *app*, a Celery app.

    They start before the first task and stop after the last one, in each process that
    runs tasks: in every child of ``prefork``, in the worker itself with ``solo`` and
    ``threads``. *only*, *skip* and *tags* are those of `Registry.run`. A start that
    fails ends the worker, with exit code 1: tasks that are running are finished first.
    """
    choice = {"only": only, "skip": skip, "tags": tags}
    _Worker(app, registry, choice).connect()


class _Worker:
    """The lifespans in the processes of one worker; *choice* is which of them."""

    def __init__(self, app: Any, registry: Registry, choice: dict[str, Any]) -> None:
        self._app = app
        self._registry = registry
        self._choice = choice
        self._threaded = Threaded(registry, **choice)
        self._view_loop = ViewLoop()
        self._failed: Any = None
        """Shared by the processes of a worker: whether a child could not start."""

    def connect(self) -> None:
        """Have Celery call what is below."""
        for where, receiver in (
            (signals.celeryd_after_setup, self._on_worker),
            (signals.worker_process_init, self._on_child),
            (signals.task_prerun, self._on_task),
            (signals.worker_process_shutdown, self._on_end),
            (signals.worker_shutdown, self._on_end),
        ):
            where.connect(receiver, weak=False)

    def _on_worker(self, instance: Any, conf: Any, **_: Any) -> None:
        """Start here, where this process runs tasks; else prepare for its children.

        Logging is set up, and the pool has not been started.
        """
        if not self._is_for(instance.app):
            return
        if issubclass(instance.pool_cls, prefork.TaskPool):
            self._begin(lambda: self._prepare(conf))
        else:
            self._begin(self._threaded.start)

    def _is_for(self, app: Any) -> bool:
        # A child that is no fork has a copy.
        return bool(app.main == self._app.main)

    def _prepare(self, conf: Any) -> None:
        limits = self._registry.limits
        # Celery kills a child that is not up by then (asynpool.py), where a run has
        # limits of its own. At worst each waits for the one before, and the last fails.
        conf.worker_proc_alive_timeout += sum(
            step.startup_limit(limits.startup) + step.shutdown_limit(limits.shutdown)
            for step in self._registry.plan(**self._choice)
        )
        self._failed = multiprocessing.get_context("fork").Value("b", 0)

    def _on_child(self, **_: Any) -> None:
        # Solo, too, sends this signal, from the worker. A child sets its app as the
        # current one before it does.
        if not _is_child() or not self._is_for(celery.current_app):
            return
        if self._failed is not None and self._failed.value:
            # It stands in for one that has failed, until the worker has noticed.
            raise SystemExit(EXIT_CODE)
        self._begin(self._threaded.start)

    def _begin(self, function: Callable[[], None]) -> None:
        """Call *function*, and end the worker where it fails.

        Celery logs what a receiver raises, and goes on; SystemExit ends the process.
        """
        try:
            with StopSignals(signal.SIGTERM):
                function()
        except BaseException as error:
            is_order = not isinstance(error, Exception)
            if is_order and error is not self._threaded.failure:
                raise
            log_failure(error)
            if _is_child():
                self._end_worker()
            raise SystemExit(EXIT_CODE) from None

    def _end_worker(self) -> None:
        """Have the parent stop in peace, in place of starting the next child."""
        if self._failed is not None:
            with self._failed.get_lock():
                is_first = not self._failed.value
                self._failed.value = 1
            if not is_first:
                # A second signal would cut off tasks that are running.
                return
        # Of the signals that do so, SIGINT leads to an exit code that is not 0.
        os.kill(os.getppid(), signal.SIGINT)

    def _on_task(self, **_: Any) -> None:
        if (run := self._threaded.run) is None:
            # An app that runs its tasks at once, where they are called.
            return
        # A thread keeps its context: the task before may have set others.
        for variable, (_place, value) in run.variables.items():
            variable.set(value)
        self._view_loop.bind(run.loop)

    def _on_end(self, **_: Any) -> None:
        try:
            self._threaded.stop()
        except BaseException as error:  # noqa: BLE001 - the process ends in any case
            log_failure(error)


def _is_child() -> bool:
    """Tell whether this is a process of the pool, not the worker itself."""
    name: str = billiard.current_process().name
    return name != "MainProcess"
