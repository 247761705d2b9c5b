"""The page of benchmarks has the table that the script writes."""

from __future__ import annotations

import re

from tests.benchmarks.peers.table import BEGIN, COLUMNS, END, LINES
from tests.project import ROOT

PAGE = (ROOT / "docs" / "reference" / "benchmarks.md").read_text(encoding="utf-8")


def test_figures() -> None:
    """The table of figures has the columns and the lines that the script measures."""
    found = re.search(f"{BEGIN}(.*){END}", PAGE, flags=re.DOTALL)
    assert found
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in found[1].splitlines()
        if line.startswith("|")
    ]
    assert tuple(lines[0]) == COLUMNS
    assert tuple(line[0] for line in lines[2:]) == LINES
