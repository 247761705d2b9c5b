"""The waterfall of a run as SVG: when each lifespan has started and stopped."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from lifespan_registry.pictures.sheet import plain, room_of, sheet, shortened, words
from lifespan_registry.pictures.timeline import Bar, Span, Timeline, notes

STYLE = """\
.lifespans .grid { stroke: var(--box); stroke-width: 1 }
.lifespans .wait { stroke: var(--edge); stroke-dasharray: 1 4 }
.lifespans .bar { fill: var(--bar) }
.lifespans .critical { fill: var(--path) }
.lifespans .failed text { fill: var(--mark) }
.lifespans g:hover .bar { fill: var(--ink) }"""

ROW, TOP, MARGIN, GAP = 24.0, 64.0, 24.0, 32.0
LABEL = 84.0
"""The room for the seconds at the end of a bar."""


class Panel(NamedTuple):
    """The part of the picture for the start, or for the stop, of *whole* seconds."""

    x: float
    width: float
    whole: float
    title: str

    def at(self, seconds: float) -> float:
        """Return where a moment is."""
        return self.x + (self.width * seconds / self.whole if self.whole else 0.0)


def draw(timeline: Timeline) -> str:
    """Write *timeline* as SVG; the bars of the critical path stand out.

    Dots are the time in which one waits for others. While none stops, there is no room
    for the stop.
    """
    names = [shortened(bar.name) for bar in timeline.bars]
    left = MARGIN + max(map(room_of, names), default=0) + GAP / 2
    start = Panel(left, 480, timeline.start, f"start, {timeline.start:.3f} s")
    x = start.x + start.width + LABEL + GAP
    has_stop = any(bar.stop for bar in timeline.bars)
    stop = Panel(x, 200, timeline.stop, f"stop, {timeline.stop:.3f} s")
    panels = (start, stop) if has_stop else (start,)
    last = panels[-1]
    side = last.x + last.width + LABEL
    below = list(notes(timeline))
    bottom = TOP + ROW * len(timeline.bars)
    across = max(
        side + 190,
        *(MARGIN * 2 + room_of(note, small=True) for note in ("", *below)),
    )
    count = len(timeline.bars)
    title = f"The start and the stop of {count} lifespan{'' if count == 1 else 's'}"

    def parts() -> Iterator[str]:
        for panel in panels:
            yield from _grid(panel, bottom)
        for place, bar in enumerate(timeline.bars):
            yield _row(bar, TOP + ROW * place, start, stop, side)
        for place, note in enumerate(below):
            yield words(note, MARGIN, bottom + 28 + 18 * place, small=True)

    return sheet(across, bottom + 28 + 18 * len(below), title, STYLE, parts())


def _grid(panel: Panel, bottom: float) -> Iterator[str]:
    yield words(panel.title, panel.x, 26)
    if not panel.whole:
        return
    step = _step(panel.whole, panel.width / 100)
    for tick in range(math.floor(panel.whole / step) + 1):
        x = panel.at(tick * step)
        yield (
            f'<line class="grid" x1="{x:.1f}" y1="{TOP - 12:.0f}" '
            f'x2="{x:.1f}" y2="{bottom:.1f}"/>'
        )
        yield words(f"{tick * step:g}", x, TOP - 18, small=True)


def _step(whole: float, count: float) -> float:
    """Return a round number that goes into *whole* about *count* times."""
    least = whole / count
    unit = 10.0 ** math.floor(math.log10(least))
    step = next(one for one in (1, 2, 5, 10) if one * unit >= least) * unit
    return round(step, 9)


def _row(bar: Bar, y: float, start: Panel, stop: Panel, side: float) -> str:
    kind = ' class="failed"' if bar.has_failed else ""
    parts = [words(shortened(bar.name), MARGIN, y + 16)]
    if bar.start is not None:
        named = "bar critical" if bar.is_critical else "bar"
        parts.append(_bar(start, bar.start, y, named))
    if bar.stop is not None:
        parts.append(_bar(stop, bar.stop, y, "bar"))
    parts.append(words(bar.status, side, y + 16, small=True))
    return f"<g{kind}><title>{plain(bar.name)}</title>{''.join(parts)}</g>"


def _bar(panel: Panel, span: Span, y: float, kind: str) -> str:
    begin, end = panel.at(span.begin), panel.at(span.end)
    return (
        f'<line class="wait" x1="{panel.x:.1f}" y1="{y + 12:.1f}" '
        f'x2="{begin:.1f}" y2="{y + 12:.1f}"/>'
        f'<rect class="{kind}" x="{begin:.1f}" y="{y + 4:.1f}" '
        f'width="{max(end - begin, 1.5):.1f}" height="{ROW - 8:.0f}" rx="3"/>'
        + words(f"{span.seconds:.3f} s", end + 6, y + 16, small=True)
    )
