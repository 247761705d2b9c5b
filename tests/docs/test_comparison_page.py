"""The page of comparison says what the tests assert."""

from __future__ import annotations

import re
import tomllib

from tests.peers import table
from tests.peers.known import COMPARED
from tests.project import ROOT

COMPARISON = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")


def test_claims() -> None:
    """The table is what ``python -m tests.peers.table docs/comparison.md`` writes."""
    empty = re.sub(
        f"{table.BEGIN}.*{table.END}",
        table.BEGIN + table.END,
        COMPARISON,
        flags=re.DOTALL,
    )
    assert len(empty) < len(COMPARISON)
    assert table.updated(empty) == COMPARISON


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
