"""Every Python snippet of the documentation runs.

A block is a program of its own, unless its first line names a file, as in
``# shop/lifespans.py``. The files of one page make one Django project: it is checked,
its modules are imported, and its lifespans are started and stopped.
"""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import PAGES, Block, blocks, blocks_before, title
from tests.project import Project
from tests.pytest_plugin.inner import install

PROGRAMS = [block for page in PAGES for block in blocks(page) if not block.file]
BEFORE = [block for page in PAGES for block in blocks_before(page)]
PROJECTS = [
    page
    for page in PAGES
    # These two have tests of their own.
    if page.name not in ("tutorial.md", "deployment.md")
    and any(block.file for block in blocks(page))
]

DEFAULTS = """\
SECRET_KEY = "docs"
ROOT_URLCONF = "urls"
INSTALLED_APPS = []
MIDDLEWARE = []
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""

# What a page leaves out is written there as three dots.
THE_REST = """
INSTALLED_APPS = [one for one in INSTALLED_APPS if one is not ...]
MIDDLEWARE = [one for one in MIDDLEWARE if one is not ...]
INSTALLED_APPS += sorted({apps!r} - set(INSTALLED_APPS))
ASGI_APPLICATION = {asgi!r}
"""

ASGI = """\
from lifespan_registry.asgi import get_asgi_application

application = get_asgi_application()
"""

PYTEST_OPTIONS = ("-o", "asyncio_default_fixture_loop_scope=function")

RUN = """\
import asyncio, logging, sys
from importlib import import_module

import django
from lifespan_registry import default_registry

django.setup()
logging.disable(logging.INFO)
for module in sys.argv[1:]:
    import_module(module)

async def main():
    async with default_registry.run() as run:
        print(*run.report)

asyncio.run(main())
"""


def test_no_block_is_missed() -> None:
    """Every fence that says Python is one of the blocks."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    found = [
        *PROGRAMS,
        *BEFORE,
        *(one for page in PAGES for one in blocks(page) if one.file),
    ]
    assert text.lower().count("```py") == len(found)


def test_no_package_is_missing(request: pytest.FixtureRequest) -> None:
    """With ``--all-servers``, what is optional is to be there."""
    found = [(block, block.missing) for page in PAGES for block in blocks(page)]
    if request.config.getoption("--all-servers"):
        assert [(str(block), missing) for block, missing in found if missing] == []


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_program(block: Block, request: pytest.FixtureRequest) -> None:
    """A block without a file runs on its own; so do the tests that it defines."""
    # Empty lines before it, so that a traceback has the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(code, names)
    for name, value in list(names.items()):
        if name.startswith("test_") and inspect.iscoroutinefunction(value):
            fixtures = inspect.signature(value).parameters
            asyncio.run(
                value(**{one: request.getfixturevalue(one) for one in fixtures})
            )


@pytest.mark.parametrize("page", PROJECTS, ids=title)
def test_project(page: Path, tmp_path: Path) -> None:
    """The files of a page make a project that passes its checks, starts and stops."""
    project, files = written(page, tmp_path)
    tests = [module_of(file) for file in files if file.endswith("tests.py")]

    check = project.manage("check", "--fail-level", "WARNING")
    run = project.python("-c", RUN, *map(module_of, files))
    own_tests = project.manage("test", *(tests or ["--help"]))

    assert (check.stderr, check.returncode) == ("", 0)
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout.split(), "no lifespan is registered on this page"
    assert own_tests.returncode == 0, own_tests.stderr
    if own := [file for file in files if Path(file).name.startswith("test_")]:
        install(tmp_path)
        pytests = project.python("-m", "pytest", *PYTEST_OPTIONS, *own)
        assert pytests.returncode == 0, pytests.stdout


def written(page: Path, folder: Path) -> tuple[Project, list[str]]:
    """Write the files of *page* into *folder*, with what the page leaves out.

    A file that misses a package is not written, nor is one that imports such a file.
    """
    files: dict[str, str] = {}
    unwritten: list[str] = []
    for block in blocks(page):
        if not block.file:
            continue
        if block.missing or any(
            f"from {one} import" in block.text for one in unwritten
        ):
            unwritten.append(module_of(block.file))
        else:
            files[block.file] = files.get(block.file, "") + block.text
    settings, asgi = named("settings.py", files), named("asgi.py", files)
    apps = {
        file.partition("/")[0]
        for file in files
        if "/" in file and file not in (settings, asgi)
    }
    rest = THE_REST.format(apps=apps, asgi=f"{module_of(asgi)}.application")
    project = Project(folder, module_of(settings))
    project.write(
        {
            "urls.py": "urlpatterns = []\n",
            asgi: ASGI,
            **files,
            settings: DEFAULTS + files.get(settings, "") + rest,
        }
    )
    return project, list(files)


def named(name: str, files: dict[str, str]) -> str:
    """Find the file called *name*, in whatever folder; if there is none, call it so."""
    return next((file for file in files if Path(file).name == name), name)


def module_of(file: str) -> str:
    """Return the name under which *file* is imported."""
    return file.removesuffix(".py").replace("/", ".")
