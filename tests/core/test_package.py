"""What an import of the package costs: nothing optional, no thread, no loop."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import lifespan_registry
from lifespan_registry import asgi, exceptions, health, signals, views, wsgi
from tests.core.processes import output_of

BLOCKED = ("asgiref", "django", "typing_extensions", "uvicorn")


def test_nothing_optional_is_needed() -> None:
    """Lifespans run where neither Django nor a server can be imported."""
    script = f"""
import sys
sys.modules.update(dict.fromkeys({BLOCKED!r}))

import asyncio
import lifespan_registry
import lifespan_registry.asgi
import lifespan_registry.exceptions
from lifespan_registry import *

@on_lifespan
async def db():
    yield "db"

async def main():
    async with default_registry.run() as run:
        print(db.get(), run.state.db, type(run) is Run)

print(sorted(set(lifespan_registry.__all__) - set(globals())))
asyncio.run(main())
"""
    assert output_of(script) == ["[]", "db db True"]


def test_import_starts_nothing() -> None:
    """An import makes no thread and no event loop."""
    script = """
import asyncio, gc, threading
import lifespan_registry
loops = [one for one in gc.get_objects() if isinstance(one, asyncio.AbstractEventLoop)]
print(loops, threading.active_count())
"""
    assert output_of(script) == ["[] 1"]


@pytest.mark.parametrize(
    "module", [lifespan_registry, exceptions, asgi, health, signals, views, wsgi]
)
def test_all_is_all(module: ModuleType) -> None:
    """``__all__`` has exactly the public names that a module defines or offers."""
    assert module.__all__ == sorted(module.__all__)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    own = {
        name
        for name, one in inspect.getmembers(module)
        if inspect.isclass(one)
        and not name.startswith("_")
        and one.__module__ == module.__name__
    }
    assert own <= set(module.__all__)


@pytest.mark.parametrize("module", [lifespan_registry, exceptions])
def test_public_names_say_what_they_are(module: ModuleType) -> None:
    """Each public name has a docstring of its own."""
    for name in module.__all__:
        one = getattr(module, name)
        assert inspect.getdoc(one), name
        assert one.__doc__, name


def test_unknown_name() -> None:
    """The package has no other names than its own."""
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = importlib.import_module("lifespan_registry").nothing
    with pytest.raises(ImportError, match="nothing"):
        from lifespan_registry import nothing  # type: ignore[attr-defined] # noqa: F401
