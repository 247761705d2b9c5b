"""The pages of the documentation, and the Python in them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

from tests.project import ROOT

DOCS = ROOT / "docs"
PAGES = (
    ROOT / "README.md",
    *sorted(
        page for page in DOCS.rglob("*.md") if DOCS / "examples" not in page.parents
    ),
)

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w/]+\.py)\b")


OPTIONAL = (
    "celery",
    "channels",
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
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for fence in FENCE.finditer(text):
        named = FILE.match(fence[1])
        line = text.count("\n", 0, fence.start(1)) + 1
        found.append(Block(page, line, fence[1], named[1] if named else None))
    return found
