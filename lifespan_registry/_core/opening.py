"""From a definition to the context manager that a member enters."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import traceback
import types
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from lifespan_registry._core.threads import InThread
from lifespan_registry.exceptions import NotAContextManagerError, Origin

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Definition


def opened(
    definition: Definition, held: Mapping[str, Any]
) -> AbstractAsyncContextManager[Any]:
    """Make the context manager, with the values of those that it takes from *held*.

    A sync one comes back in a thread. Raises `NotAContextManagerError`, and whatever
    the user's own call raises.
    """
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for one in definition.parameters:
        if one.kind is one.POSITIONAL_ONLY:
            positional.append(held.get(one.name, one.default))
        elif one.name in held:
            keywords[one.name] = held[one.name]
    make = functools.partial(definition.open, *positional, **keywords)
    origin = definition.origin
    if definition.sync:
        return InThread(lambda: _checked(make(), "__enter__", origin), origin.name)
    manager: Any = make()
    if not hasattr(manager, "__aenter__") and hasattr(manager, "__enter__"):
        return InThread(lambda: manager, origin.name)
    return _checked(manager, "__aenter__", origin)  # type: ignore[no-any-return]


def _checked(manager: Any, method: str, origin: Origin) -> Any:
    if not hasattr(manager, method):
        if asyncio.iscoroutine(manager):
            manager.close()
        kind = type(manager).__name__
        returned = "None" if manager is None else f"an object of type {kind}"
        raise NotAContextManagerError(origin, returned)
    return manager


def position(manager: object) -> str | None:
    """Return ``file:line`` where the generator behind *manager* waits."""
    if isinstance(manager, InThread):
        manager = manager.manager
    frame: object = None
    # It is the user's object, and may answer with anything.
    with contextlib.suppress(Exception):
        generator = getattr(manager, "gen", None)
        frame = getattr(generator, "ag_frame", None) or getattr(
            generator, "gi_frame", None
        )
    if not isinstance(frame, types.FrameType):
        return None
    return Origin("", frame.f_code.co_filename, frame.f_lineno).where


async def close_generator(manager: object) -> None:
    """Close a generator that has yielded once too often: Python 3.11 leaves it open."""
    generator: Any = getattr(manager, "gen", None)
    if hasattr(generator, "aclose"):
        with contextlib.suppress(Exception):
            await generator.aclose()


def is_contextlibs_own(error: BaseException, entered_by: str) -> bool:
    """Tell whether contextlib complains to us that a generator has not kept to form.

    *entered_by* is the module that entered it. Of a context manager inside the user's
    own code it complains to that code.
    """
    if not isinstance(error, RuntimeError):
        return False
    modules = [
        frame.f_globals.get("__name__", "")
        for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    to_us = modules[-2:-1] in ([entered_by], [InThread.__module__])
    return to_us and modules[-1] == contextlib.__name__
