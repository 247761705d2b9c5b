"""The table of the page that compares, made of the claims that the tests assert.

``python -m tests.peers.table docs/explanation/comparison.md`` writes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.peers.claims import CLAIMS
from tests.peers.known import COMPARED, PEERS

BEGIN, END = "<!-- claims: begin -->\n", "<!-- claims: end -->"


def heading(title: str, distribution: str | None, link: str) -> str:
    """Write the title of a column."""
    version = f" {COMPARED[distribution]}" if distribution in COMPARED else ""
    return f"[{title}]({link}){version}"


def render() -> str:
    """Return the table as Markdown."""
    columns = (
        "",
        *(heading(one.title, one.distribution, one.link) for one in PEERS),
        "tried by",
    )
    rows = ((one.what, *one.outcomes, f"`{one.attempt.__name__}`") for one in CLAIMS)
    lines: Iterable[Iterable[str]] = (columns, ("---",) * len(columns), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def updated(page: str) -> str:
    """Return the text of *page* with the table as it is to be."""
    pattern = f"(?<={BEGIN}).*(?={END})"
    return re.sub(pattern, lambda _: render(), page, flags=re.DOTALL)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
