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


def test_oldest_versions() -> None:
    """Every version that is promised is that of a server in the table."""
    assert {package for row in ROWS for package in row.packages} == {*OLDEST}
