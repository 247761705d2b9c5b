"""The run of one test: what its markers ask for, started and stopped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from traceback import TracebackException
from types import TracebackType
from typing import Any

import pytest

from lifespan_registry._core.registry import Registry
from lifespan_registry._core.run import Run
from lifespan_registry.exceptions import LifespanError, brief, near_misses
from lifespan_registry.servers.view_loop import view_loop

OPTIONS = ("only", "skip", "tags", "override")


@contextmanager
def started_in_thread(
    node: pytest.Item, registry: Registry
) -> Generator[Run, None, None]:
    """Hold a run open for the sync test *node*, on a loop in a thread of its own."""
    with _told(), ExitStack() as stack:
        options = _choose(node, registry, stack)
        run = stack.enter_context(registry.run_in_thread(**options))
        stack.enter_context(view_loop.bound(run.loop))
        yield run


@asynccontextmanager
async def started(node: pytest.Item, registry: Registry) -> AsyncGenerator[Run, None]:
    """Hold a run open for the async test *node*, on the loop of the caller."""
    with _told(), ExitStack() as stack:
        options = _choose(node, registry, stack)
        async with registry.run(**options) as run:
            yield run


@contextmanager
def _told() -> Generator[None, None, None]:
    """Let errors of the library fail the test, in their own words.

    pytest draws a group of errors with all the inner rooms that it came through. Here
    each one that it has is drawn from where the user's code begins.
    """
    try:
        yield
    except LifespanError as error:
        parts = [brief(error)]
        errors: tuple[Exception, ...] = getattr(error, "exceptions", ())
        for one in errors:
            if where := _beginning(one.__traceback__):
                drawn = TracebackException(type(one), one, where)
                parts.append("".join(drawn.format()))
        raise pytest.fail.Exception("\n\n".join(parts), pytrace=False) from None


def _beginning(traceback: TracebackType | None) -> TracebackType | None:
    """Return what is left of *traceback* where the library has called somebody else."""
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in {"contextlib", "lifespan_registry"}:
            break
        traceback = traceback.tb_next
    return traceback


def _choose(node: pytest.Item, registry: Registry, stack: ExitStack) -> dict[str, Any]:
    """Read the markers of *node*, the outermost first: return the options of the run.

    What they override is overridden until *stack* is left.
    """
    options: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("lifespans"))):
        if slip := _slip_of(mark):
            pytest.fail(f"@pytest.mark.lifespans {slip}", pytrace=False)
        options |= mark.kwargs
        stack.enter_context(registry.override(options.pop("override", None)))
    return options


def _slip_of(mark: pytest.Mark) -> str | None:
    """Say what is wrong with *mark*, if something is."""
    if mark.args:
        return (
            f"takes its options by name, and was given {mark.args[0]!r}: did you mean "
            "only=?"
        )
    for name in mark.kwargs:
        if name not in OPTIONS:
            close = near_misses(name, OPTIONS)
            meant = f"did you mean {close[0]}=? " if close else ""
            known = ", ".join(f"{option}=" for option in OPTIONS)
            return f"has no option {name}=: {meant}It knows {known}."
    override = mark.kwargs.get("override")
    if not isinstance(override, Mapping | None):
        return (
            f"has override={override!r}: it takes a dict from lifespans, or their "
            "names, to what stands in their place."
        )
    return None
