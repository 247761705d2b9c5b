"""Which runs of a registry are up, and in which event loop."""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop
from asyncio.events import _get_running_loop  # pyright: ignore[reportPrivateUsage]
from typing import TYPE_CHECKING, Any

from lifespan_registry.exceptions import (
    ForkedError,
    NotStartedError,
    OtherEventLoopError,
    SeveralRunsError,
    StartFailedError,
    StoppedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from lifespan_registry._core.overrides import Layer
    from lifespan_registry._core.report import Status
    from lifespan_registry._core.run import Run


class Running:
    """Leads from the code that asks to the run that it is served by.

    The values stay with their run; what is kept here goes when the run ends.
    """

    def __init__(self) -> None:
        self.held: dict[AbstractEventLoop | None, dict[str, Any]] = {}
        """The values of each loop that has one run: `Lifespan.get()` in short."""
        # A dict for its single steps, which no other thread can come between.
        self._runs: dict[Run, None] = {}
        self._layers: dict[Layer, None] = {}
        self._failure: str | None = None
        self._process: int | None = None

    @property
    def serving(self) -> list[Run]:
        """The runs of this process, in whatever loop; beside a server's, only those."""
        runs = [run for run in tuple(self._runs) if _is_alive(run)]
        return [run for run in runs if run.serves] or runs

    @property
    def last_status(self) -> Status:
        """What has become of the last run of this process, when it is over."""
        # Only who asks pays for the import.
        from lifespan_registry._core.report import Status  # noqa: PLC0415

        if not self.has_run:
            return Status.WAITING
        return Status.STOPPED if self._failure is None else Status.FAILED

    @property
    def last_failure(self) -> str | None:
        """What the last start that is over has failed of, if it has."""
        return self._failure if self.has_run else None

    @property
    def has_run(self) -> bool:
        """Whether a run has been started in this process, be it over or not."""
        return self._process == os.getpid()

    def add(self, run: Run) -> None:
        """Announce *run* to the code of its loop."""
        self._process = run.pid
        for other in tuple(self._runs):
            # A parent process has left it, or a loop that is gone.
            if not _is_alive(other):
                self._runs.pop(other, None)
                self.held.pop(other.loop, None)
        self._runs[run] = None
        self._hold(run.loop)

    def remove(self, run: Run, failure: str | None) -> None:
        """Forget *run*; *failure* says of what its start has failed, if it has."""
        self._runs.pop(run, None)
        self._process, self._failure = run.pid, failure
        self._hold(run.loop)

    def _hold(self, loop: AbstractEventLoop) -> None:
        runs = self.on(loop)
        if len(runs) == 1 and not self._layers:
            self.held[loop] = runs[0].held
        else:
            self.held.pop(loop, None)

    def overridden(self, layer: Layer) -> None:
        """Hand out nothing in short while *layer* counts somewhere.

        A run that it comes too late for is to say so.
        """
        self._layers[layer] = None
        self.held.clear()

    @property
    def overridden_names(self) -> list[str]:
        """What is replaced, wherever that counts."""
        return sorted({name for one in tuple(self._layers) for name in one.definitions})

    def restored(self, layer: Layer) -> None:
        """Take back what *layer* asked for."""
        self._layers.pop(layer, None)
        for run in tuple(self._runs):
            self._hold(run.loop)

    def on(self, loop: AbstractEventLoop) -> tuple[Run, ...]:
        """Return the runs of *loop*."""
        return tuple(
            run for run in tuple(self._runs) if run.loop is loop and _is_alive(run)
        )

    def here(self) -> list[Run]:
        """Return the runs that may serve the current code.

        Those are the ones of the current event loop or, where none is running, all of
        this process; of several, the one that the code is part of, else the server's.
        """
        loop = _get_running_loop()
        runs = [
            run
            for run in tuple(self._runs)
            if (loop is None or run.loop is loop) and _is_alive(run)
        ]
        if around := [run for run in runs if run.is_around]:
            return around
        # Beside the run of a server, a piece of code may have started one for itself.
        return [run for run in runs if run.serves] or runs

    def current(self) -> Run | None:
        """Return the run that serves the current code, if that can be told."""
        runs = self.here()
        return runs[0] if len(runs) == 1 else None

    def find(self, name: str) -> Run:
        """Return the run that serves the current code.

        Raises the `UnavailableError` that says why there is none; *name* is the
        lifespan that is asked for.
        """
        runs = self.here()
        if len(runs) == 1:
            return runs[0]
        if runs:
            raise SeveralRunsError(name, f"{len(runs)} runs")
        raise self._why_none(name)

    def _why_none(self, name: str) -> UnavailableError:
        if any(map(_is_alive, tuple(self._runs))):
            return OtherEventLoopError(name)
        if not self.has_run:
            return NotStartedError(name) if not self._runs else ForkedError(name)
        if self._failure is not None:
            return StartFailedError(name, self._failure)
        return StoppedError(name, "has been stopped")


def _is_alive(run: Run) -> bool:
    return run.pid == os.getpid() and not run.loop.is_closed()
