"""CONTRIBUTING.md says what holds: the layout, the environments, the example."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.project import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
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
    """Every environment of tox is named, and those that .ci/run runs are there."""
    tox = PYPROJECT["tool"]["tox"]
    rows = re.findall(r"^\| (`.*) \| .* \|$", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
    assert {*tox["env_list"], *tox["env"]} - named == set()


def _sorted(floors: list[list[str]]) -> list[list[str]]:
    return [sorted(name.strip() for name in floor) for floor in floors]
