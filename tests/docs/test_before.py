"""What shows how things were with other packages, and is left, works with those."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, blocks_before, title
from tests.project import Project

GUIDES = [page for page in PAGES if blocks_before(page)]
OTHERS = ("django_asgi_lifespan", "fastapi")
"""What is left; ``tox run -e peers`` installs them."""

IMPORT = """\
import sys
from importlib import import_module

import django

django.setup()
for module in sys.argv[1:]:
    import_module(module)
"""


def named(text: str) -> set[str]:
    """Return those of the others that *text* imports."""
    return {
        name for name in OTHERS if re.search(rf"^from {name}\b", text, re.MULTILINE)
    }


@pytest.mark.parametrize("page", GUIDES, ids=title)
def test_before(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The modules of a page can be imported, with all names that they import."""
    files = {block.file: block.text for block in blocks_before(page) if block.file}
    assert len(files) == len(blocks_before(page))
    for name, text in files.items():
        compile(text, name, "exec")
    missing = [one for one in named("".join(files.values())) if find_spec(one) is None]
    if missing and not request.config.getoption("--all-servers"):
        pytest.skip(f"{', '.join(missing)} is not installed")
    project = Project(tmp_path, "settings")
    project.write({"settings.py": 'SECRET_KEY = "docs"\n', **files})

    modules = (name.removesuffix(".py").replace("/", ".") for name in files)
    result = project.python("-c", IMPORT, *modules)
    assert (result.stderr, result.returncode) == ("", 0)


def test_guides() -> None:
    """There are such pages, about each of the others."""
    blocks = [block.text for page in GUIDES for block in blocks_before(page)]
    assert named("".join(blocks)) == {*OTHERS}
