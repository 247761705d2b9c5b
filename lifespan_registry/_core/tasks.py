"""Tasks that are not everybody's."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

logger = logging.getLogger("lifespan_registry")


def hide(task: asyncio.Task[Any]) -> None:
    """Keep *task* from whoever cancels and awaits all tasks, as `asyncio.run` does.

    The function for it is one that the documentation of asyncio, "Extending", has for
    tasks of another make. Without it, *task* stays where it is, and a warning says so.
    """
    try:
        asyncio.tasks._unregister_task(task)  # noqa: SLF001
    except AttributeError as error:
        logger.warning(
            "This version of asyncio is not known (%s): the end of its event loop may "
            "cancel %s, or wait for it.",
            error,
            task.get_name(),
        )
