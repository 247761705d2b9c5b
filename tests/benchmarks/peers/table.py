"""The table about others in ``docs/reference/benchmarks.md``, and what it has."""

from __future__ import annotations

from collections.abc import Iterable

from tests.benchmarks import page
from tests.benchmarks.page import MISSING
from tests.benchmarks.peers import footprint, requests, starts, throughput
from tests.benchmarks.peers.cells import ABSENT, Line
from tests.benchmarks.runs import FEW, MANY
from tests.peers.known import PEERS

NAME = "peers"
"""The name of its marks."""

COLUMNS = ("", "against", *(peer.title for peer in PEERS))

LINES = (
    requests.REQUEST,
    requests.DJANGO,
    requests.READ,
    throughput.BARE,
    throughput.DJANGO,
    f"start of {starts.INDEPENDENT}",
    f"stop of {starts.INDEPENDENT}",
    f"start of {starts.LAYERED}",
    f"stop of {starts.LAYERED}",
    f"start of {FEW:,} trivial ones, each",
    f"stop of {FEW:,} trivial ones, each",
    starts.REGISTRATION,
    f"start of {MANY:,} trivial ones, each",
    f"stop of {MANY:,} trivial ones, each",
    footprint.MEMORY,
    footprint.REGISTERED,
    footprint.IMPORT,
)
"""What the first cell of each line says, in their order."""

MEASUREMENTS = {
    "request": requests.overhead,
    "django": requests.through_django,
    "read": requests.reading,
    "throughput": throughput.throughput,
    "slow": starts.slow_starts,
    "many": starts.many_starts,
    "memory": footprint.memory,
    "import": footprint.importing,
}


PACKAGES = (
    *("django", "asgiref", "uvicorn", "httptools"),
    *(peer.distribution for peer in PEERS if peer.distribution),
)
"""Those of which the versions are said."""


def head() -> str:
    """Return the first two lines of the table."""
    rule = ("---", *("---:" for _ in COLUMNS[1:]))
    return f"{_line(COLUMNS)}\n{_line(rule)}"


def written(line: Line) -> str:
    """Return *line* as Markdown, with a cell for each peer."""
    cells = (
        MISSING if peer.is_missing else line.cells.get(peer.title, ABSENT)
        for peer in PEERS
    )
    return _line((line.what, line.against, *cells))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def renewed(text: str, where: str, lines: Iterable[str]) -> str:
    """Return the page *text* with *lines* in its table.

    Each is in the place of the one of its name. *where* is what it says of the machine.
    """
    known = {
        line.split(" | ")[0].removeprefix("| "): line
        for line in (*page.part(text, NAME).splitlines(), *lines)
    }
    rows = [known[what] for what in LINES if what in known]
    return page.renewed(text, NAME, (where, "", head(), *rows))
