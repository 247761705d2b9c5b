"""The table about others in ``docs/reference/benchmarks.md``, and what it has."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

from tests.benchmarks.peers import footprint, requests, starts, throughput
from tests.benchmarks.peers.cells import ABSENT, MISSING, Line
from tests.benchmarks.runs import FEW, MANY
from tests.peers.known import PEERS

BEGIN, END = "<!-- peers: begin -->\n", "<!-- peers: end -->"

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


def machine(load: Sequence[float]) -> str:
    """Say what it was measured on, and with what; *load* is that of the machine."""
    packages = ("django", "asgiref", "uvicorn", "httptools", *_distributions())
    return (
        f"{os.cpu_count()} shared cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}, load average "
        f"{load[0]:.1f} before and {load[1]:.1f} after; "
        + ", ".join(f"{name} {_version(name)}" for name in packages)
        + "."
    )


def _distributions() -> Iterable[str]:
    return (peer.distribution for peer in PEERS if peer.distribution)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


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


def renewed(page: str, where: str, lines: Iterable[str]) -> str:
    """Return *page* with *lines* in its table, in the place of those of that name.

    *where* is what it says of the machine.
    """
    found = re.search(f"(?<={BEGIN}).*(?={END})", page, flags=re.DOTALL)
    assert found, "the page has no place for the table"
    known = {
        line.split(" | ")[0].removeprefix("| "): line
        for line in (*found[0].splitlines(), *lines)
    }
    rows = [known[what] for what in LINES if what in known]
    text = "\n".join((where, "", head(), *rows, ""))
    return page[: found.start()] + text + page[found.end() :]
