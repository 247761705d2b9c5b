"""The page of benchmarks has what the scripts write, and says who is ahead."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.benchmarks.__main__ import NAME as OURS_ALONE
from tests.benchmarks.__main__ import ROWS
from tests.benchmarks.measure import HEAD, TIMES
from tests.benchmarks.page import part, rows
from tests.benchmarks.peers import footprint, requests, starts
from tests.benchmarks.peers.table import COLUMNS, LINES
from tests.benchmarks.peers.table import NAME as BESIDE_OTHERS
from tests.benchmarks.runs import FEW, MANY
from tests.peers.known import OURS, PEERS
from tests.project import ROOT

PAGE = (ROOT / "docs" / "reference" / "benchmarks.md").read_text(encoding="utf-8")
FIGURES = rows(part(PAGE, BESIDE_OTHERS))
AHEAD = PAGE.partition("### Where others are ahead\n")[2]

HEADS = {
    requests.REQUEST: "A request",
    requests.READ: "Reading a value",
    starts.REGISTRATION: "A registration",
    footprint.MEMORY: "Memory",
    footprint.REGISTERED: "Memory",
    footprint.IMPORT: "The import",
    **{
        f"{phase} of {count:,} trivial ones, each": "A lifespan that does nothing"
        for phase in starts.Took._fields
        for count in (FEW, MANY)
    },
}
"""Which item of the section is about which line; there is none about the others."""

OTHERS = [peer.title for peer in PEERS if peer is not OURS]

NOTABLE = 0.95
"""How many times ours a figure is at most that is clearly better."""


class Figure(NamedTuple):
    """What a cell says: a median, and between what half of all lie."""

    median: float
    low: float
    high: float

    def is_clearly_below(self, other: Figure) -> bool:
        """Return whether the quartiles are apart, and by more than a little."""
        return self.high < other.low and self.median < NOTABLE * other.median

    def inverted(self) -> Figure:
        """Return it for a line in which more is better."""
        return Figure(1 / self.median, 1 / self.high, 1 / self.low)


def figure(cell: str) -> Figure | None:
    """Read *cell*; one with words has none."""
    number = r"(-?[\d.,]+)"
    pattern = rf"{number}(?:{TIMES}| B| ms)(?: \({number} … {number}\))?"
    found = re.fullmatch(pattern, cell)
    if not found:
        return None
    median, *quartiles = (
        float((one or found[1]).replace(",", "")) for one in found.groups()
    )
    return Figure(median, *quartiles)


def figures(line: str) -> dict[str, Figure]:
    """Return the figures of *line* by the titles of their columns, less is better."""
    (row,) = (row for row in FIGURES if row[0] == line)
    found = {
        title: one
        for title, cell in zip(COLUMNS, row, strict=True)
        if title in {OURS.title, *OTHERS} and (one := figure(cell))
    }
    if "more is better" in line:
        return {title: one.inverted() for title, one in found.items()}
    return found


def named() -> dict[str, list[str]]:
    """Return whom each item of the section has in its brackets."""
    items = re.findall(r"^- \*\*(.+)\*\* \(([^)]+)\)", AHEAD, flags=re.MULTILINE)
    return {
        head: OTHERS
        if names == "all others"
        else re.sub("^by hand", "written by hand", " ".join(names.split())).split(", ")
        for head, names in items
    }


def test_own_figures() -> None:
    """The first table has the columns and all rows that the script measures."""
    head, *found = rows(part(PAGE, OURS_ALONE))
    assert head == rows(HEAD)[0]
    assert list(dict.fromkeys(int(row[0]) for row in found)) == list(ROWS)


def test_figures() -> None:
    """The table of others has the columns and the lines that the script measures."""
    assert tuple(FIGURES[0]) == COLUMNS
    assert tuple(row[0] for row in FIGURES[1:]) == LINES


@pytest.mark.parametrize("line", LINES)
def test_those_ahead_are_named(line: str) -> None:
    """Whoever is clearly better in a line is named in its item of the section."""
    found = figures(line)
    ours = found.pop(OURS.title)
    better = {title for title in found if found[title].is_clearly_below(ours)}
    assert better <= set(named().get(HEADS.get(line, ""), ()))


def test_those_named_are_ahead() -> None:
    """Nobody is named in an item who is not better than ours in a line of it."""
    better: dict[str, set[str]] = {head: set() for head in HEADS.values()}
    for line, head in HEADS.items():
        found = figures(line)
        ours = found.pop(OURS.title)
        better[head] |= {one for one in found if found[one].median < ours.median}
    wrong = {head: set(several) - better[head] for head, several in named().items()}
    assert wrong == {head: set() for head in wrong}


def test_one_python() -> None:
    """Both tables are of the same Python, Django and asgiref."""
    pattern = r"(?:CPython|django|asgiref) [\d.]*\d"
    alone, beside = (
        re.findall(pattern, part(PAGE, name).partition("\n")[0])[:3]
        for name in (OURS_ALONE, BESIDE_OTHERS)
    )
    assert alone == beside


def test_items() -> None:
    """Each item is about a line of the table, and each one has somebody in brackets."""
    heads = re.findall(r"^- \*\*(.+?)\*\*", AHEAD, flags=re.MULTILINE)
    assert set(heads) == set(HEADS.values())
    assert heads == list(named())
    assert {one for several in named().values() for one in several} <= set(OTHERS)
