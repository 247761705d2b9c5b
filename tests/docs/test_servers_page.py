"""The page of servers says what the tests of the servers assert."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from tests.project import ROOT
from tests.servers.rows import ROWS
from tests.servers.rows.row import OLDEST
from tests.servers.table import BEGIN, END

PAGE = (ROOT / "docs" / "reference" / "servers.md").read_text(encoding="utf-8")


def test_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is what ``python -m tests.servers.table`` writes into its page."""
    page = tmp_path / "servers.md"
    empty = re.sub(f"{BEGIN}.*{END}", BEGIN + END, PAGE, flags=re.DOTALL)
    page.write_text(empty, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["table", str(page)])
    monkeypatch.delitem(sys.modules, "tests.servers.table")

    runpy.run_module("tests.servers.table", run_name="__main__")

    assert len(empty) < len(PAGE)
    assert page.read_text(encoding="utf-8") == PAGE


def test_installations() -> None:
    """What the guides install are the oldest versions of the rows, or newer ones."""
    promised = {
        name: {_version(row.oldest[name]) for row in ROWS if name in row.packages}
        for name in OLDEST
    }
    for page in ("servers.md", "deployment.md"):
        text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
        found = re.findall(r'"([a-z-]+)>=([\d.]+)"', text)
        assert found
        assert [one for one in found if _version(one[1]) not in promised[one[0]]] == []


def _version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version, without zeros at its end."""
    return tuple(map(int, re.sub(r"(\.0)+$", "", text).split(".")))


def test_oldest_versions() -> None:
    """Every version that is promised is that of a server in the table."""
    assert {package for row in ROWS for package in row.packages} == {*OLDEST}
