"""Shells, scripts and notebooks: both kinds of run work in them."""

from __future__ import annotations

import re
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.commands.shop import STARTED, STOPPED
from tests.project import Project

ASYNC = """
import asyncio
from lifespan_registry import default_registry
from shop.lifespans import search


async def main():
    async with default_registry.run() as run:
        print(search.get(), *run.report)


asyncio.run(main())
"""

SYNC = """
from lifespan_registry import default_registry
from shop.lifespans import search


async def where(word):
    return f"{word} {search.get()}"


with default_registry.run_in_thread() as run:
    print(search.get(), *run.report)
    assert run.call(where, "the", timeout=5) == "the search in a pool"
"""

SETUP = "import django\n\ndjango.setup()\n"

PRINTED = [*STARTED, "search in a pool db search", *STOPPED]


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_shell(project: Project, text: str) -> None:
    """``manage.py shell`` runs both."""
    result = project.manage("shell", "-v", "0", "-c", text)
    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == PRINTED


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_script(project: Project, text: str) -> None:
    """So does a script that sets Django up."""
    project.write({"cron.py": SETUP + text})
    result = project.python("cron.py")
    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == PRINTED


def test_script_that_does_not_set_django_up(project: Project) -> None:
    """A script that forgets it has imported its lifespans itself: they are there."""
    project.write({"cron.py": ASYNC})
    result = project.python("cron.py")
    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == PRINTED


FORGOTTEN = """
from lifespan_registry import default_registry

with default_registry.run_in_thread(only="search"):
    pass
"""


def test_script_in_which_nothing_is_registered(project: Project) -> None:
    """Where it names one, the error says what is missing."""
    project.write({"cron.py": FORGOTTEN})
    result = project.python("cron.py")
    assert result.returncode == 1
    assert "no lifespan is registered under the name 'search'" in result.stderr
    assert "django.setup()" in result.stderr


def typed(project: Project, lines: str, *command: str) -> list[str]:
    """Type *lines* into a Python shell of *project*; return what is printed."""
    result = subprocess.run(
        [sys.executable, *command],
        cwd=project.root,
        env=project.environment,
        input=dedent(lines),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr, result.stderr
    return re.sub(r"(>>> |\.\.\. )+", "", result.stdout).splitlines()


TOP_LEVEL = """\
import django
django.setup()
from lifespan_registry import default_registry
from shop.lifespans import search
run = default_registry.run()
run is await run.__aenter__()
search.get()
await run.__aexit__(None, None, None)
async with default_registry.run() as run: print(search.get(), *run.report)

with default_registry.run_in_thread() as run: print(search.get(run.state), *run.report)

exit()
"""


def test_asyncio_shell(project: Project) -> None:
    """``python -m asyncio`` awaits at its top level, line by line in one loop."""
    printed = typed(project, TOP_LEVEL, "-m", "asyncio")
    said = [line for line in printed if line.startswith(("db", "search"))]
    assert said == [*STARTED, *STOPPED, *PRINTED, *PRINTED]
    assert "True" in printed
    assert "'search in a pool'" in printed
