"""The waterfall of a run for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lifespan_registry.pictures.text import PLAIN, Row, Style, printable, table
from lifespan_registry.pictures.timeline import Span, Timeline, notes

START, STOP = 32, 12
"""How many columns the two waterfalls take."""

CRITICAL = "●"


def draw(timeline: Timeline, style: Style = PLAIN) -> Iterator[str]:
    """Write *timeline* as a table with bars, and what the start has waited for.

    Dots are the time in which one waits for others. Whoever is on the critical path has
    a mark.
    """
    head = ("name", "", "start", "", "stop", "", "status")
    starts = _seconds([bar.start for bar in timeline.bars])
    stops = _seconds([bar.stop for bar in timeline.bars])
    rows: list[Row] = [
        (
            printable(bar.name),
            CRITICAL if bar.is_critical else " ",
            _bar(bar.start, timeline.start, START),
            start,
            _bar(bar.stop, timeline.stop, STOP),
            stop,
            bar.status,
        )
        for bar, start, stop in zip(timeline.bars, starts, stops, strict=True)
    ]
    if rows:
        marked = {place for place, bar in enumerate(timeline.bars) if bar.is_critical}
        yield from table(head, rows, style, marked)
    for note in notes(timeline):
        yield printable(note)


def _seconds(spans: Sequence[Span | None]) -> list[str]:
    texts = ["-" if span is None else f"{span.seconds:.3f} s" for span in spans]
    room = max(map(len, texts), default=0)
    return [text.rjust(room) for text in texts]


def _bar(span: Span | None, whole: float, room: int) -> str:
    if span is None or whole <= 0:
        return " " * room
    first = min(math.floor(span.begin / whole * room), room - 1)
    last = max(math.ceil(span.end / whole * room), first + 1)
    return f"{'·' * first}{'█' * (last - first)}".ljust(room)
