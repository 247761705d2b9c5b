"""What holds for every example."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.test_links import broken_links
from tests.examples.served import EXAMPLES, command, copied
from tests.project import ROOT, Project
from tests.services import give_up

PACKAGES = ()
NAMES = sorted(
    folder.name for folder in EXAMPLES.iterdir() if folder.name != "quickstart"
)
each_example = pytest.mark.parametrize("name", NAMES)


def requirements(name: str) -> list[Requirement]:
    """Return what an example needs beside the library itself."""
    lines = (EXAMPLES / name / "requirements.txt").read_text().splitlines()
    comment, library, *others = lines
    assert comment.startswith("# ")
    assert library == "."
    return [Requirement(line) for line in others]


def require(request: pytest.FixtureRequest, name: str) -> None:
    """Pass over an example that is not installed."""
    there = {canonicalize_name(one.name) for one in metadata.distributions()}
    needed = {canonicalize_name(one.name) for one in requirements(name)}
    for missing in sorted(needed - there):
        give_up(request, missing)  # pragma: no cover


@each_example
def test_command(name: str) -> None:
    """The README has the command that sets it up and serves it, under its own name."""
    assert command(name) == (
        "python3 -m venv .venv-example && .venv-example/bin/python -m pip install -q "
        f"--disable-pip-version-check -r docs/examples/{name}/requirements.txt && "
        f".venv-example/bin/uvicorn --app-dir docs/examples/{name} --port 8000 "
        f"{name}.asgi:application"
    )


@each_example
def test_links(name: str) -> None:
    """Every link in the README leads to what is there."""
    assert broken_links(EXAMPLES / name / "README.md") == []


@each_example
def test_is_a_recipe(name: str) -> None:
    """The page of recipes has it."""
    recipes = (ROOT / "docs" / "how-to" / "recipes.md").read_text(encoding="utf-8")
    assert f"](../examples/{name}/README.md)" in recipes


@each_example
def test_requirements_are_lower_bounds(name: str) -> None:
    """It says of each package which version is the oldest that will do."""
    for requirement in requirements(name):
        assert re.fullmatch(r">=[\d.]+", str(requirement.specifier)), requirement


@each_example
def test_requirements_are_met(name: str, request: pytest.FixtureRequest) -> None:
    """The tests run with versions that the example asks for."""
    require(request, name)
    for requirement in requirements(name):
        assert metadata.version(requirement.name) in requirement.specifier


@each_example
def test_check_is_silent(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """``manage.py check`` has nothing to say about it."""
    require(request, name)
    project = Project(copied(name, tmp_path), f"{name}.settings")
    result = project.python("manage.py", "check", "--fail-level", "INFO")
    assert result.stderr == ""
    assert result.stdout == "System check identified no issues (0 silenced).\n"
