"""CONTRIBUTING.md says what holds: the layout, the environments, the example."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.docs.pages import PAGES, names, rows
from tests.project import ROOT

PATH = ROOT / "CONTRIBUTING.md"
PAGE = PATH.read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PICTURES = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LAYERED = [
    one
    for one in PYPROJECT["tool"]["importlinter"]["contracts"]
    if one["type"] == "layers"
]


@pytest.mark.parametrize(
    ("picture", "contract"),
    [*zip(PICTURES, LAYERED, strict=True)],
    ids=["package", "core"],
)
def test_picture(picture: str, contract: dict[str, Any]) -> None:
    """It has the floors that lint-imports proves, each module on its own."""
    drawn = [line.partition("#")[0].split("·") for line in picture.splitlines()]
    proven = [re.sub(r"[()]", "", layer).split("|") for layer in contract["layers"]]
    assert _sorted(drawn) == _sorted(proven)


@pytest.mark.parametrize(
    ("picture", "folder"),
    [*zip(PICTURES, ("", "_core"), strict=True)],
    ids=["package", "core"],
)
def test_no_module_is_missing(picture: str, folder: str) -> None:
    """Every module of the folder is in the picture."""
    there = {
        path.stem
        for path in (ROOT / "lifespan_registry" / folder).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    drawn = {
        name.strip()
        for line in picture.splitlines()
        for name in line.partition("#")[0].split("·")
    }
    assert drawn == there - {"__init__"}


def test_environments() -> None:
    """Each environment of tox is named, no other; and which .ci/run leaves out."""
    tox = PYPROJECT["tool"]["tox"]
    every = {*tox["env_list"], *tox["env"]}
    run = {*tox["env_list"], *re.findall(r"tox run -e ([\w-]+)", CI)}
    table = rows(PATH, "`tox run -e docs` (`pip install tox tox-uv`):")

    assert {name for row in table for name in names(row[0])} == every
    left_out = [row for row in table if row[1].startswith("not in `.ci/run`")]
    assert {name for row in left_out for name in names(row[0])} == every - run


def test_pages_before_the_first_release() -> None:
    """Those are named that say that there has been none."""
    version = re.escape(PYPROJECT["project"]["version"])
    before = re.compile(rf"on\s+PyPI\s+yet|a release on PyPI|\b{version}\b(?!\.)")
    telling = {
        page.resolve()
        for page in PAGES
        if before.search(page.read_text(encoding="utf-8")) and page != PATH
    }
    step = PAGE.partition("\n3. In the first release alone, ")[2].partition("\n4. ")[0]
    links = re.findall(r"\]\(([^)#]*)#", step)
    assert {(ROOT / link).resolve() for link in links} == telling


def _sorted(floors: list[list[str]]) -> list[list[str]]:
    return [sorted(name.strip() for name in floor) for floor in floors]
