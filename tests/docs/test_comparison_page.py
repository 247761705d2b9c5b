"""The page of comparison says what the tests assert."""

from __future__ import annotations

import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

from tests.peers import table
from tests.peers.known import COMPARED
from tests.project import ROOT

COMPARISON = (ROOT / "docs" / "explanation" / "comparison.md").read_text(
    encoding="utf-8"
)


def test_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is what ``python -m tests.peers.table`` writes into the page."""
    page = tmp_path / "comparison.md"
    pattern = f"{table.BEGIN}.*{table.END}"
    empty = re.sub(pattern, table.BEGIN + table.END, COMPARISON, flags=re.DOTALL)
    page.write_text(empty, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["table", str(page)])
    monkeypatch.delitem(sys.modules, "tests.peers.table")

    runpy.run_module("tests.peers.table", run_name="__main__")

    assert len(empty) < len(COMPARISON)
    assert page.read_text(encoding="utf-8") == COMPARISON


def test_tests_that_are_named() -> None:
    """Every test that the page names is there."""
    files = re.findall(r"`(tests/[\w/.]+)`", COMPARISON)
    ahead = (ROOT / "tests" / "peers" / "test_ahead.py").read_text(encoding="utf-8")
    names = re.findall(r"`(test_\w+)`", COMPARISON)

    assert [one for one in files if not (ROOT / one).exists()] == []
    assert [one for one in names if f"def {one}(" not in ahead] == []
    assert files
    assert names


def test_versions() -> None:
    """The group ``peers`` installs the versions of which the page speaks."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        group = tomllib.load(file)["dependency-groups"]["peers"]
    pins = (re.match(r"([\w-]+)==([\d.]+)", one) for one in group if "==" in str(one))
    assert dict(pin.groups() for pin in pins if pin) == COMPARED
