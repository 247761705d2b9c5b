"""One function is one lifespan, however often its module is imported."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import DuplicateNameError, PlanError
from tests.tracked import tracked

SOURCE = '''\
from tests.core.test_one_and_the_same import SHARED

@SHARED[0].on_lifespan
async def db():
    """{doc}"""
    yield "{doc}"

@SHARED[0].on_lifespan(name="pool", requires=db)
class Pool:
    def __enter__(self):
        return "pool"

    def __exit__(self, *args):
        pass
'''
SHARED: list[Registry] = []


@pytest.fixture(name="file")
def _file(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A module that registers two lifespans; it is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    SHARED[:] = [registry]
    file = tmp_path / "shop_lifespans.py"
    file.write_text(SOURCE.format(doc="first"))
    yield file
    sys.modules.pop("shop_lifespans", None)
    SHARED.clear()


def imported_as(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def edit_and_reload(file: Path, module: ModuleType) -> None:
    file.write_text(SOURCE.format(doc="second"))
    importlib.invalidate_caches()
    importlib.reload(module)


async def test_module_is_reloaded(file: Path, registry: Registry) -> None:
    """A module that is reloaded brings its new functions under the old handles."""
    module: Any = importlib.import_module("shop_lifespans")
    old = module.db
    async with registry.run():
        assert old.get() == "first"

    edit_and_reload(file, module)

    assert module.db is old
    assert old.__doc__ == "second"
    assert registry.plan().names == ("db", "pool")
    async with registry.run():
        assert old.get() == "second"


async def test_module_under_two_names(file: Path, registry: Registry) -> None:
    """A file that is imported under two module names registers each lifespan once."""
    one: Any = imported_as("shop.lifespans", file)
    two: Any = imported_as("project.shop.lifespans", file)

    assert one.db is two.db
    assert one.Pool is two.Pool
    assert one.db.__module__ == "project.shop.lifespans"
    async with registry.run():
        assert (one.db.get(), two.Pool.get()) == ("first", "pool")


def test_the_same_function_twice(registry: Registry) -> None:
    """A function that is registered twice keeps its place, with the newer options."""
    function = lambda: (yield)  # noqa: E731
    one = registry.on_lifespan(name="one")(function)
    registry.on_lifespan(name="two")(lambda: (yield))
    again = registry.on_lifespan(name="one", after="two")(function)

    assert one is again
    assert len(registry) == 2
    assert registry.plan().names == ("two", "one")


def test_one_function_under_two_names(registry: Registry) -> None:
    """A function that is registered under two names is two lifespans."""
    function = lambda: (yield)  # noqa: E731
    registry.on_lifespan(name="one")(function)
    registry.on_lifespan(name="two")(function)
    assert registry.plan().names == ("one", "two")


def test_another_function_under_the_name(
    file: Path, registry: Registry, log: list[str]
) -> None:
    """Another function under a taken name is an error that names both places."""
    imported_as("shop.lifespans", file)
    tracked(registry, log, "db")
    with pytest.raises(PlanError) as caught:
        registry.plan()
    (error,) = caught.value.exceptions
    assert isinstance(error, DuplicateNameError)
    assert error.name == "db"
    assert [origin.file for origin in error.origins] == [
        str(file),
        tracked.__code__.co_filename,
    ]
    assert error.origins[0].line == 3


async def test_factory_called_twice(registry: Registry) -> None:
    """What a factory makes for other values is another function under one name."""

    def make(dsn: object) -> None:
        @registry.on_lifespan(name="db")
        def db() -> AbstractAsyncContextManager[object]:
            return contextlib.nullcontext(dsn)

    make("first")
    make("first")
    async with registry.run() as run:
        assert run.state == {"db": "first"}

    make("second")
    make(object())
    with pytest.raises(PlanError) as raised:
        registry.plan()
    (error,) = raised.value.exceptions
    assert isinstance(error, DuplicateNameError)
    assert len(error.origins) == 3


async def test_variable_that_is_set_later(registry: Registry) -> None:
    """A variable that is enclosed before it has a value is no hindrance."""

    @registry.on_lifespan
    async def db() -> AsyncIterator[str]:
        yield dsn

    dsn = "later"
    async with registry.run():
        assert db.get() == "later"
