"""What is loaded before the first request."""

import asyncio
import builtins
import sys
from collections.abc import AsyncIterator, Iterator

from django.conf import settings

from lifespan_registry import on_lifespan
from slow_model.model import Model

# These two wait for nothing: they start at the same time.


@on_lifespan(startup_timeout=120)  # 20 seconds unless it is said here or in settings
async def modules() -> AsyncIterator[Model]:
    """Load a model in an async lifespan: by a call in a thread."""
    yield await asyncio.to_thread(
        Model.load,
        sys.stdlib_module_names,
        settings.SECONDS_TO_LOAD,
        settings.SECONDS_TO_THINK,
    )


@on_lifespan(startup_timeout=120)
def functions() -> Iterator[Model]:
    """Load another one in a sync lifespan, which has a thread of its own for it."""
    yield Model.load(dir(builtins), settings.SECONDS_TO_LOAD, settings.SECONDS_TO_THINK)
