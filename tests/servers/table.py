"""The table of servers in the reference, made of the rows that the tests assert.

``python -m tests.servers.table docs/reference/servers.md`` writes it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.servers.rows import ROWS
from tests.servers.rows.row import Row

BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->"

COLUMNS = (
    "server",
    "oldest version",
    "lifespans start",
    "state in",
    "a start fails",
    "SIGTERM",
    "Ctrl-C",
    "new workers at",
    "remarks",
)


def cells(row: Row) -> tuple[str, ...]:
    """Say what is in *row*, one text for each column."""
    return (
        row.title,
        ", ".join(map(" ".join, row.oldest.items())),
        row.start + (", in each worker" if row.workers > 1 else ""),
        _state(row),
        _failed_start(row),
        _stop(row),
        _ends(row.on_interrupt),
        ", ".join(row.recycling) or "-",
        row.remarks or "-",
    )


def render(rows: tuple[Row, ...]) -> str:
    """Return the table of *rows* as Markdown."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *map(cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def updated(page: str) -> str:
    """Return the text of *page* with the table as it is to be."""
    pattern = f"(?<={BEGIN}).*(?={END})"
    return re.sub(pattern, lambda _: render(ROWS), page, flags=re.DOTALL)


def _state(row: Row) -> str:
    if not row.has_scope:
        return "`request.state`"
    return "requests, websockets" if row.has_websockets else "requests"


def _failed_start(row: Row) -> str:
    ends = _ends(row.on_failed_start) or "goes on"
    if row.gives_up_since == "0":
        return ends
    return f"{ends}; before {row.packages[0]} {row.gives_up_since}, tries again"


def _stop(row: Row) -> str:
    requests = "requests finish" if row.drains else "requests are cut off"
    workers = "" if row.stops_all_workers else ", and so are workers"
    return f"{requests}{workers}; {_end(row.on_term)}"


def _ends(codes: tuple[int, ...]) -> str:
    return " or ".join(map(_end, codes))


def _end(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"ended by signal {-code}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
