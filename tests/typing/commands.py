"""What a command with lifespans is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, assert_type

from django.core.management.base import CommandParser, LabelCommand

from lifespan_registry import Registry, Run, on_lifespan
from lifespan_registry.management.base import LifespanCommand

registry = Registry()


@on_lifespan(tags={"worker"})
async def db() -> AsyncIterator[int]:
    yield 1


class Async(LifespanCommand):
    help = "Counts."
    lifespans = (db, "cache")
    lifespan_skip = "mail"
    lifespan_tags = ("worker",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    async def ahandle(self, *args: Any, **options: Any) -> str:
        assert_type(self.lifespan_run, Run)
        assert_type(db.get(), int)
        return "done"


class Sync(LifespanCommand):
    lifespans = db
    lifespan_tags = "worker"
    lifespan_registry = registry

    def handle(self, *args: Any, **options: Any) -> None:
        assert_type(self.lifespan_run.call(fetch, "/"), bytes)


class Labels(LifespanCommand, LabelCommand):
    lifespans = None
    lifespan_skip = (db,)

    def handle_label(self, label: str, **options: Any) -> str:
        return label


async def fetch(url: str) -> bytes:
    return url.encode()
