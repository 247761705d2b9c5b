"""The pages of the documentation, and the Python in them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.project import ROOT

DOCS = ROOT / "docs"
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(
        page for page in DOCS.rglob("*.md") if DOCS / "examples" not in page.parents
    ),
)

FENCE = re.compile(
    r"^(<!-- before -->\n)?```python\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(r"# ([\w/]+\.py)\b")


OPTIONAL = (
    "celery",
    "channels",
    "debug_toolbar",
    "django.tasks",
    "django_tasks_db",
    "taskiq",
    "taskiq_redis",
)
"""What some blocks import that is not installed for all tests."""


class Block(NamedTuple):
    """A fenced block of Python; `file` is what its first line names, if it does."""

    page: Path
    line: int
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{title(self.page)}:{self.line}"

    @property
    def missing(self) -> list[str]:
        """The packages that it imports, or puts into settings, and that are missing."""
        return [
            name
            for name in OPTIONAL
            if re.search(rf'(?:from |import |")\b{name}\b', self.text)
            and importlib.util.find_spec(name) is None
        ]


def title(page: Path) -> str:
    """Return what *page* is called in a report of the tests."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    """Return the blocks of *page* in their order."""
    return list(_blocks(page, is_before=False))


def blocks_before(page: Path) -> list[Block]:
    """Return those of *page* that show what users of other packages have, and leave."""
    return list(_blocks(page, is_before=True))


def _blocks(page: Path, *, is_before: bool) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(text):
        if bool(fence[1]) is is_before:
            named = FILE.match(fence[2])
            line = text.count("\n", 0, fence.start(2)) + 1
            yield Block(page, line, fence[2], named[1] if named else None)


def rows(page: Path, line: str) -> list[list[str]]:
    """Return the first table of *page* below that *line*: the cells of each row."""
    text = page.read_text(encoding="utf-8")
    _, found, below = f"\n{text}".partition(f"\n{line}\n")
    assert found, f"{title(page)} has no line {line!r}"
    table = re.search(r"^\| --- .*\n((?:\|.*\n)+)", below, re.MULTILINE)
    assert table, f"{title(page)} has no table below {line!r}"
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table[1].splitlines()
    ]


def names(cell: str) -> list[str]:
    """Return what stands in backticks in *cell*."""
    return re.findall(r"`([^`]+)`", cell)
