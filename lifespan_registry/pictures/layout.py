"""Where the boxes and the arrows of a graph go: in columns, from left to right.

Each lifespan stands to the right of all that it waits for. Where that leaves many for
one column, some go further to the right. An arrow that passes columns has a place in
each, as a box has, and those of one kind from one box share it; so do those of an
``after="*"``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from lifespan_registry.pictures.graph import Graph, Wait

Point: TypeAlias = tuple[float, float]

Spot: TypeAlias = tuple[str, int, bool]
"""What has a place in a column: a lifespan by its name, and -1; or the arrows from one
that pass this column, and whether they are needs."""

HEIGHT = 46.0
GAP = 18.0
PASSAGE = 6.0
CHANNEL = 72.0
MARGIN = 24.0
SWEEPS = 8
LEAST = 960.0
"""How wide the rows are of those that have no arrows, if nothing else is wider."""


class Box(NamedTuple):
    """Where one lifespan is drawn: its left upper corner, and its width."""

    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """The height at which arrows come and go."""
        return self.y + HEIGHT / 2


class Layout(NamedTuple):
    """Where all is drawn; an arrow is the points that it goes through."""

    boxes: Mapping[str, Box]
    arrows: Sequence[tuple[Wait, Sequence[Point]]]
    width: float
    height: float


def lay_out(graph: Graph, widths: Mapping[str, float]) -> Layout:
    """Find a place for everything in *graph*, whose boxes have *widths*."""
    columns = _Columns(graph)
    columns.sort()
    boxes = columns.boxes(widths)
    arrows = [(wait, columns.points(wait, boxes)) for wait in graph.lines]
    below = max((box.y + HEIGHT + GAP for box in boxes.values()), default=MARGIN)
    right = max((box.x + box.width for box in boxes.values()), default=0.0)
    x, y = MARGIN, below
    for node in graph.nodes:
        if node.name in boxes:
            continue
        width = widths[node.name]
        if x > MARGIN and x + width > max(right, LEAST):
            x, y = MARGIN, y + HEIGHT + GAP
        boxes[node.name] = Box(x, y, width)
        x += width + GAP
    return Layout(
        boxes,
        arrows,
        max((box.x + box.width for box in boxes.values()), default=0.0) + MARGIN,
        max((box.y + HEIGHT for box in boxes.values()), default=0.0) + MARGIN,
    )


class _Columns:
    """The columns of *graph*, from left to right, and what is in each of them."""

    def __init__(self, graph: Graph) -> None:
        self._order = {node.name: place for place, node in enumerate(graph.nodes)}
        self._ranks = self._ranked(graph)
        self._columns: list[list[Spot]] = [
            [] for _ in range(max(self._ranks.values(), default=-1) + 1)
        ]
        for name, rank in self._ranks.items():
            self._columns[rank].append((name, -1, False))
        # With the order of a dict, one graph always makes the same picture.
        self._near: dict[Spot, dict[Spot, None]] = {
            spot: {} for column in self._columns for spot in column
        }
        for wait in graph.lines:
            for left, right in pairwise(self._route(wait)):
                for spot in (left, right):
                    if spot not in self._near:
                        self._near[spot] = {}
                        self._columns[spot[1]].append(spot)
                self._near[left][right] = None
                self._near[right][left] = None
        self._middles: dict[Spot, float] = {}
        self._sides: list[tuple[float, float]] = []

    def _ends(self, wait: Wait) -> tuple[str, str]:
        """Return both, the left one first; in a circle, one arrow goes back."""
        left, right = sorted((wait.first, wait.waiter), key=self._order.__getitem__)
        return left, right

    def _ranked(self, graph: Graph) -> dict[str, int]:
        """Find a column for each that has arrows."""
        lefts: dict[str, list[str]] = {}
        for wait in graph.lines:
            left, right = self._ends(wait)
            lefts.setdefault(left, [])
            lefts.setdefault(right, []).extend([left] if left != right else [])
        room = max(8, math.ceil(1.3 * math.sqrt(len(lefts))))
        ranks: dict[str, int] = {}
        counts: dict[int, int] = {}
        for name in sorted(lefts, key=self._order.__getitem__):
            rank = max((ranks[left] + 1 for left in lefts[name]), default=0)
            while counts.get(rank, 0) >= room:
                rank += 1
            ranks[name] = rank
            counts[rank] = counts.get(rank, 0) + 1
        return ranks

    def _route(self, wait: Wait) -> list[Spot]:
        """Return what the arrow of *wait* goes through, from left to right."""
        left, right = self._ends(wait)
        between = range(self._ranks[left] + 1, self._ranks[right])
        shared = left
        if wait.why == "has after='*'":
            shared = f"*{right}"
        elif wait.first != left:
            # One that goes back has a way of its own.
            shared = f"{left}<{right}"
        passages = [(shared, rank, wait.is_need) for rank in between]
        return [(left, -1, False), *passages, (right, -1, False)]

    def sort(self) -> None:
        """Put into each column near to one another what has to do with the same."""
        for column in self._columns:
            self._stack(column, [0.0] * len(column))
        for sweep in range(SWEEPS):
            forth = sweep % 2 == 0
            for column in self._columns if forth else reversed(self._columns):
                wishes = {spot: self._wish(spot) for spot in column}
                column.sort(key=wishes.__getitem__)
                self._stack(column, [wishes[spot] for spot in column])

    def _wish(self, spot: Spot) -> float:
        """Return the height at which the arrows of *spot* would be straightest."""
        near = self._near[spot]
        return sum(self._middles[one] for one in near) / len(near)

    def _stack(self, column: Sequence[Spot], wishes: Sequence[float]) -> None:
        """Give each in *column* a height near to its wish, one below the other."""
        gaps = [_distance(above, below) for above, below in pairwise(column)]
        down, up = [wishes[0]], [wishes[-1]]
        for gap, wish in zip(gaps, wishes[1:], strict=True):
            down.append(max(wish, down[-1] + gap))
        for gap, wish in zip(gaps[::-1], wishes[-2::-1], strict=True):
            up.append(min(wish, up[-1] - gap))
        # Both keep the distances, and so does what is half-way between them.
        for spot, low, high in zip(column, down, reversed(up), strict=True):
            self._middles[spot] = (low + high) / 2

    def boxes(self, widths: Mapping[str, float]) -> dict[str, Box]:
        """Return the boxes, and take the places of the columns."""
        top = min(self._middles.values(), default=0.0)
        for spot in self._middles:
            self._middles[spot] += MARGIN + HEIGHT / 2 - top
        found: dict[str, Box] = {}
        x = MARGIN
        for column in self._columns:
            names = [name for name, rank, _ in column if rank < 0]
            width = max(widths[name] for name in names)
            for name in names:
                y = self._middles[name, -1, False] - HEIGHT / 2
                found[name] = Box(x, y, widths[name])
            self._sides.append((x, x + width))
            x += width + CHANNEL
        return found

    def points(self, wait: Wait, boxes: Mapping[str, Box]) -> Sequence[Point]:
        """Return the points of an arrow, in its direction."""
        if wait.first == wait.waiter:
            box = boxes[wait.first]
            x, y = box.x + box.width, box.middle
            return [
                (x, y - 8),
                (x + CHANNEL / 3, y - 8),
                (x + CHANNEL / 3, y + 8),
                (x, y + 8),
            ]
        left, right = self._ends(wait)
        start, end = boxes[left], boxes[right]
        found = [(start.x + start.width, start.middle)]
        column = self._sides[self._ranks[left]][1]
        if start.x + start.width < column:
            found.append((column, start.middle))
        for spot in self._route(wait)[1:-1]:
            height = self._middles[spot]
            found += [(side, height) for side in self._sides[spot[1]]]
        found.append((end.x, end.middle))
        return found if left == wait.first else found[::-1]


def _distance(one: Spot, other: Spot) -> float:
    """Return how far apart the middles of two neighbours in a column are."""
    halves = sum(HEIGHT / 2 if spot[1] < 0 else 0.0 for spot in (one, other))
    return halves + (GAP if halves else PASSAGE)
