"""A run in an event loop of its own, in a thread of its own: for sync code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from lifespan_registry._core.run import inside
from lifespan_registry.exceptions import RunUsedError

if TYPE_CHECKING:
    from lifespan_registry._core.run import Run

logger = logging.getLogger("lifespan_registry")

PATIENCE = 5.0
"""How many seconds the loop gets to close when the lifespans have been stopped."""


LOOK = 0.5
"""Every so many seconds who waits for the end looks whether the thread is there."""


class LoopThread:
    """Holds *run* open, in one task of an event loop in a daemon thread.

    It is started once and stopped once; both wait until that is over.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._is_used = self._is_cancelled = self._is_unwinding = False
        self._started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()

    @property
    def failure(self) -> BaseException | None:
        """What the start has failed of, if it has; not what has interrupted it."""
        return self._started.exception() if self._started.done() else None

    @property
    def is_over(self) -> bool:
        """Whether the run has been left, or its start has failed."""
        return self._ended.done()

    @property
    def is_there(self) -> bool:
        """Whether there is a thread that has not left the run yet."""
        return self._is_used and self._thread.is_alive() and not self.is_over

    def start(self) -> None:
        """Start the lifespans, in a copy of the context of the caller.

        Raises what entering the run raises, as it is. What interrupts the caller
        meanwhile, as Ctrl-C does, unwinds the start before it goes on. In both cases
        the thread has ended, and its loop is closed. Raises `RunUsedError` at a second
        start.
        """
        if self._is_used or self.is_over:
            raise RunUsedError
        try:
            self.loop = self._make_loop()
        except (OSError, asyncio.CancelledError) as error:
            self._tell(error)
            raise
        self._leave: asyncio.Future[BaseException | None] = self.loop.create_future()
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._work,), name="lifespan loop", daemon=True
        )
        self._is_used = True
        try:
            self._launch()
            if self._is_cancelled:
                self._in_loop(self._cancel)
            self._wait_started()
        except BaseException:
            self.give_up()
            raise

    def _make_loop(self) -> asyncio.AbstractEventLoop:
        """Raise what is raised where it is given up, or no more files are to be had."""
        if self._is_cancelled:
            raise asyncio.CancelledError
        return asyncio.new_event_loop()

    def _launch(self) -> None:
        try:
            self._thread.start()
        except RuntimeError as error:
            # No more threads are to be had, as at the end of the interpreter.
            self._tell(error)
            self.loop.close()
            raise

    def _wait_started(self) -> None:
        self._started.result()
        if self._is_cancelled:
            # The cancellation has come when the start was over already.
            raise asyncio.CancelledError

    def cancel(self) -> None:
        """Give up a start that is under way in another thread, and unwind it.

        It raises `asyncio.CancelledError` there.
        """
        self._is_cancelled = True
        if self._is_used:
            self._in_loop(self._cancel)

    def give_up(self) -> None:
        """Unwind the start, or stop what has been started; wait until that is over.

        Who interrupts it, as a second signal does, may ask for it once more.
        """
        self._in_loop(self._cancel)
        self._join()

    def stop(self, error: BaseException | None = None) -> None:
        """Stop the lifespans because of *error*, or because it is time to.

        Raises what leaving the run raises. In the child of a fork it does nothing: the
        thread is the parent's.
        """
        if self.run.pid != os.getpid():
            return
        try:
            self._in_loop(self._settle, error)
            self._ended.result()
        finally:
            # A signal may have come before the loop was told: the join would never end.
            self._in_loop(self._settle, error)
            self._join()

    def _in_loop(self, function: Callable[..., None], *args: object) -> None:
        # A loop that is closed has left the run.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *args)

    def _join(self) -> None:
        """Wait for the end of the thread: the run has limits of its own."""
        # A signal may have come before the thread was there. One that comes to life
        # after all finds its task cancelled.
        while self._thread.is_alive() and not self._ended.done():
            concurrent.futures.wait((self._ended,), LOOK)
        # One that could not be had has not been started.
        with contextlib.suppress(RuntimeError):
            self._thread.join(PATIENCE)
        if self._thread.is_alive():
            logger.warning(
                "The event loop of the lifespans is left behind in its thread: code in "
                "its executor has not ended within %g s of the stop.",
                PATIENCE,
            )

    # --- in the thread -------------------------------------------------------------

    def _work(self) -> None:
        """Run the loop; this is all that the thread ever does."""
        self._task = self.loop.create_task(self._live(), name="run of lifespans")
        while not self._task.done():
            try:
                self.loop.run_until_complete(self._task)
            except asyncio.CancelledError as error:
                # It came so early that the task has not made its first step.
                self._tell(error)
            except BaseException:
                # asyncio lets these out of any task. They end no process here, and not
                # even a log handler that raises ends the thread before its time.
                with contextlib.suppress(Exception):
                    logger.exception(
                        "A task has tried to end the event loop of the lifespans, by "
                        "SystemExit, KeyboardInterrupt or loop.stop(). It goes on."
                    )
        try:
            self.loop.run_until_complete(_clear())
        finally:
            self.loop.close()

    async def _live(self) -> None:
        """Enter the run, wait, leave it: in one task, which raises nothing."""
        try:
            await self.run.__aenter__()
            self._started.set_result(None)
            try:
                error = await self._leave
            except asyncio.CancelledError as cancelled:
                error = cancelled
            if error is None:
                await self.run.__aexit__(None, None, None)
            else:
                await self.run.__aexit__(type(error), error, error.__traceback__)
        except BaseException as problem:  # noqa: BLE001 - raised where it is waited for
            self._tell(problem)
        else:
            self._ended.set_result(None)

    def _tell(self, problem: BaseException) -> None:
        self._ended.set_exception(problem)
        if not self._started.done():
            self._started.set_exception(problem)

    def _cancel(self) -> None:
        # A second time would cut short what cleans up after the first.
        if not self._is_unwinding:
            self._is_unwinding = True
            self._task.cancel()

    def _settle(self, error: BaseException | None) -> None:
        # It may have been told before, or have been cancelled.
        with contextlib.suppress(asyncio.InvalidStateError):
            self._leave.set_result(error)


async def _clear() -> None:
    """Leave nothing behind on the loop, as `asyncio.run` does."""
    loop = asyncio.get_running_loop()
    await _cancel_tasks()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
    # That takes its time, in which requests may still have come.
    await _cancel_tasks()


async def _cancel_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    # asgiref's async_to_sync() waits for ever, in the thread of a request, for one that
    # is cancelled before its first step.
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    if tasks:
        # One that has been given up may ignore this, too.
        await asyncio.wait(tasks, timeout=PATIENCE / 5)


class RunInThread:
    """A run for sync code: ``with registry.run_in_thread() as run:``.

    Made by `Registry.run_in_thread()`, and entered once.
    """

    def __init__(self, run: Run) -> None:
        self._thread = LoopThread(run)

    def __enter__(self) -> Run:
        """Start all lifespans; raise what entering the run raises."""
        self._thread.start()
        self._token = inside.set(self._thread.run)
        return self._thread.run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop all lifespans; raise what leaving the run raises."""
        # Fixtures, for one, may leave it in another context than they entered it.
        try:
            with contextlib.suppress(ValueError):
                inside.reset(self._token)
        finally:
            self._thread.stop(error)
