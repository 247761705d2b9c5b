"""The graph for a terminal: a table of all, a tree of what comes before one."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias
from unicodedata import east_asian_width

from lifespan_registry.pictures.graph import Graph, Node, Wait

Row: TypeAlias = tuple[str, ...]

WIDTH = 30
"""How many columns a list of names may take before it is shortened."""


class Style(NamedTuple):
    """How the parts of a text are coloured; by default, not at all."""

    head: Callable[[str], str] = str
    name: Callable[[str], str] = str
    aside: Callable[[str], str] = str


PLAIN = Style()


def draw(graph: Graph, style: Style = PLAIN) -> Iterator[str]:
    """Write *graph* as a table, and below it who takes no part; line by line.

    Names in brackets are order alone. Of long lists the end is left out. Where no one
    has tags, there is no column for them.
    """
    head: Row = ("name", "needs", "needed by", "time limits", "tags", "defined at")
    rows: list[Row] = [
        (
            printable(node.name),
            _listed(graph.before(node.name), lambda wait: wait.first),
            _listed(graph.behind(node.name), lambda wait: wait.waiter),
            f"{_limit(node.startup_timeout)}, {_limit(node.shutdown_timeout)}",
            ", ".join(map(printable, node.tags)) or "-",
            node.origin.where,
        )
        for node in graph.present
    ]
    if not any(node.tags for node in graph.present):
        head, *rows = ((*row[:4], *row[5:]) for row in (head, *rows))
    if rows:
        yield from table(head, rows, style)
    for node in graph.absent:
        yield style.aside(left_out(node))


def left_out(node: Node) -> str:
    """Say that *node* takes no part, and why."""
    return f"left out: {node.origin} {node.absent}"


def table(
    head: Row,
    rows: Sequence[Row],
    style: Style = PLAIN,
    marked: Collection[int] = (),
) -> Iterator[str]:
    """Write a table, its rows numbered from 1, the first cell of each a name.

    The names of those at the places *marked*, counted from 0, stand out.
    """
    columns = zip(head, *rows, strict=True)
    widths = [max(map(width, column)) for column in columns]
    yield style.head(f"      {'  '.join(_padded(head, widths))}".rstrip())
    for place, row in enumerate(rows):
        name, *others = _padded(row, widths)
        shown = (style.aside if place in marked else style.name)(name)
        line = f"{place + 1:>4}  {shown}  {'  '.join(others)}"
        yield line.rstrip()


def tree(graph: Graph, name: str, style: Style = PLAIN) -> Iterator[str]:
    """Write what has to start before *name*, with the reason for each; line by line.

    What is needed at several places is unfolded at the first alone.
    """
    rows = list(_branches(graph, name))
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        name_cell, *others = _padded(row, widths)
        yield f"{style.name(name_cell)}  {'  '.join(others)}".rstrip()


def _branches(graph: Graph, root: str) -> Iterator[Row]:
    """Walk through the tree; without recursion, for a chain may be long."""
    waits: dict[str, list[Wait]] = {}
    for wait in graph.lines:
        waits.setdefault(wait.waiter, []).append(wait)
    unfolded: set[str] = set()
    # Each with what stands before its name, and before the names of its own.
    stack: list[tuple[str, str, str, str]] = [(root, "", "", "")]
    while stack:
        name, arm, trunk, why = stack.pop()
        own = waits.get(name, [])
        again = " (above)" if name in unfolded and own else ""
        yield f"{arm}{printable(name)}{again}", graph[name].origin.where, why
        if name in unfolded:
            continue
        unfolded.add(name)
        twigs: list[tuple[str, str, str, str]] = []
        for wait in own:
            arm, stem = ("└── ", "    ") if wait is own[-1] else ("├── ", "│   ")
            why = printable(f"{wait.waiter!r} {wait.why}")
            twigs.append((wait.first, trunk + arm, trunk + stem, why))
        stack += reversed(twigs)


def _listed(waits: Iterable[Wait], who: Callable[[Wait], str]) -> str:
    """Name those that one has to do with, as many as there is room for."""
    names = [
        printable(who(wait) if wait.is_need else f"({who(wait)})") for wait in waits
    ]
    text = ", ".join(names)
    if width(text) <= WIDTH:
        return text or "-"
    shown = names[:1]
    for name in names[1:]:
        if width(", ".join([*shown, name])) > WIDTH - len(", +100"):
            break
        shown.append(name)
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f", +{rest}" if rest else "")


def _limit(limit: float) -> str:
    """Write a time limit."""
    return "no limit" if math.isinf(limit) else f"{limit:g} s"


def printable(text: str) -> str:
    """Write *text* so that no character of it does something to a terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def width(text: str) -> int:
    """Return how many columns of a terminal *text* takes."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def _padded(row: Row, widths: Sequence[int]) -> list[str]:
    return [
        cell + " " * (room - width(cell))
        for cell, room in zip(row, widths, strict=True)
    ]
