"""The lifespans and the commands of the projects that the tests run."""

from __future__ import annotations

from textwrap import dedent

from tests.project import Project
from tests.servers.process import Process

LIFESPANS = """\
import asyncio
from lifespan_registry import on_lifespan


def say(*words):
    print(*words, flush=True)


@on_lifespan
async def db():
    say("db starts")
    yield "a pool"
    await asyncio.sleep(0)
    say("db stops")


@on_lifespan
async def search(db):
    say("search starts")
    yield f"search in {db}"
    await asyncio.sleep(0)
    say("search stops")
"""

STARTED = ["db starts", "search starts"]
STOPPED = ["search stops", "db stops"]

HEAD = """\
import asyncio, os, signal, sys, threading, time
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from lifespan_registry import Registry, default_registry, on_lifespan
from lifespan_registry.management.base import LifespanCommand
from shop.lifespans import db, say, search

# The measuring of coverage has a handler of its own.
signal.signal(signal.SIGTERM, signal.SIG_DFL)


"""


def add_command(project: Project, name: str, text: str) -> None:
    """Give the app of *project* the command *name*."""
    file = f"shop/management/commands/{name}.py"
    project.write({file: HEAD + dedent(text)})


def add_lifespans(project: Project, text: str) -> None:
    """Add *text* to the module ``lifespans`` of the app."""
    project.write({"shop/lifespans.py": LIFESPANS + dedent(text)})


def running(project: Project, *arguments: str) -> Process:
    """Run a management command of *project* in a process that takes signals."""
    return Process(
        "django", *arguments, environment=project.environment, root=project.root
    )
