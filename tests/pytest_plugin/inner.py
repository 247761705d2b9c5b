"""A project with tests of its own, run by a pytest of its own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from tests.project import ROOT, shop

OTHERS = ("anyio", "asyncio", "django")
"""Plugins that some tests want, and all others do without."""

LIFESPANS = """\
import asyncio
from lifespan_registry import on_lifespan

@on_lifespan
async def loop():
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.Event().wait())
        yield asyncio.get_running_loop()
        task.cancel()

@on_lifespan
def greeting():
    yield "hello"

@on_lifespan
async def sentence(greeting):
    yield f"{greeting} world"
"""

URLS = """\
import asyncio
from django.http import HttpResponse
from django.urls import path
from shop.lifespans import loop, sentence

def view(request):
    return HttpResponse(sentence.get(request))

async def async_view(request):
    assert loop.get(request) is loop.get() is asyncio.get_running_loop()
    return HttpResponse(sentence.get(request))

urlpatterns = [path("sync", view), path("async", async_view)]
"""

# After each test: no thread, no task, no run; and the loop of a thread is closed. (What
# loops there are besides is the affair of the plugins.)
CONFTEST = """\
import asyncio, gc, threading
import django
import pytest
from lifespan_registry import Registry

def pytest_configure():
    django.setup()

def left_behind():
    ours = [one for one in threading.enumerate() if one.name.startswith("lifespan ")]
    threads = [one for one in ours if one.join(5) or one.is_alive()]
    found = gc.get_objects()
    loops = [one for one in found if isinstance(one, asyncio.BaseEventLoop)]
    tasks = [task for loop in loops for task in asyncio.all_tasks(loop)]
    registries = [one for one in found if isinstance(one, Registry)]
    runs = [run for registry in registries for run in registry._running._runs]
    return threads, tasks, runs

@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    run = getattr(item, "funcargs", {}).get("lifespan_run")
    result = yield
    assert left_behind() == ([], [], [])
    if run is not None and not item.get_closest_marker("asyncio"):
        assert run.loop.is_closed()
    return result
"""

INI = """\
[pytest]
addopts = --strict-markers --strict-config
"""


class Outcome(NamedTuple):
    """How a run of pytest has ended: its counts, as in `passed`, and what it said."""

    counts: dict[str, int]
    text: str

    @property
    def errors(self) -> list[str]:
        """What pytest says of each test that has gone wrong, without its headline."""
        return re.findall(
            r"^_{3,} [^\n]* _{3,}\n(.*?)(?=\n[_=]{3,} )",
            self.text,
            re.MULTILINE | re.DOTALL,
        )


def run(
    folder: Path,
    tests: str,
    *args: str,
    plugins: tuple[str, ...] = (),
    settings: str = "",
    ini: str = "",
    **files: str,
) -> Outcome:
    """Run *tests*, in a project in *folder*, with *plugins* of `OTHERS` alone.

    *settings* and *ini* are lines to add; *files* are modules of the project.
    """
    project = shop(folder, {"shop/lifespans.py": LIFESPANS}, settings)
    project.write(
        {
            "urls.py": URLS,
            "conftest.py": CONFTEST,
            "pytest.ini": INI + ini,
            "test_it.py": tests,
            **{f"{name.replace('__', '/')}.py": text for name, text in files.items()},
        }
    )
    install(folder)
    off = [f"no:{name}" for name in (*OTHERS, "randomly") if name not in plugins]
    options = [word for one in (*off, "no:cacheprovider") for word in ("-p", one)]
    # Under load, asyncio's debug mode logs what has been slow.
    options.append("--show-capture=no")
    if "asyncio" in plugins and "asyncio_default_fixture_loop_scope" not in ini:
        options += ["-o", "asyncio_default_fixture_loop_scope=function"]
    done = project.python("-X", "dev", "-m", "pytest", *options, *args)
    text = done.stdout + done.stderr
    summary = re.findall(r"^=+ (.* in [\d.]+s.*) =+$", text, re.MULTILINE)
    found = (
        re.findall(r"(\d+) (\w+)", summary[-1].partition(" in ")[0]) if summary else []
    )
    counts = {word.removesuffix("s"): int(number) for number, word in found}
    return Outcome(counts, text)


def install(folder: Path) -> None:
    """Let a pytest in *folder* find the plugin, as in an installed package."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    points = declared["project"]["entry-points"]["pytest11"]
    lines = [f"{name} = {module}\n" for name, module in points.items()]
    package = folder / "lifespan_registry_here-0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: lifespan-registry-here\nVersion: 0\n")
    (package / "entry_points.txt").write_text("".join(("[pytest11]\n", *lines)))
