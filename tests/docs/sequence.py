"""The picture of a run in the explanation: who tells whom what, from top to bottom.

``python -m tests.docs.sequence`` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lifespan_registry.pictures.sheet import room_of, sheet, words
from tests.project import ROOT

FILE = ROOT / "docs" / "explanation" / "run.svg"

WHO = ("server", "wrapper", "run", "http_client", "search", "view")
APART, DOWN, MARGIN, HEAD = 150.0, 34.0, 70.0, 30.0

STYLE = """\
.lifespans .head { fill: var(--box); stroke: var(--edge) }
.lifespans .line { stroke: var(--edge); stroke-dasharray: 2 4 }
.lifespans .up { fill: var(--bar); opacity: .35 }
.lifespans .says { stroke: var(--ink); fill: none; marker-end: url(#tip) }
.lifespans .tip { fill: var(--ink) }"""


class Says(NamedTuple):
    """One message: `text`, from one of the columns to another."""

    who: str
    to: str
    text: str


START = (
    Says("server", "wrapper", "lifespan.startup"),
    Says("wrapper", "run", "enter: plan"),
    Says("run", "http_client", "start"),
    Says("http_client", "run", "yields"),
    Says("run", "search", "start with the client"),
    Says("search", "run", "yields"),
    Says("run", "wrapper", "state"),
    Says("wrapper", "server", "startup.complete"),
)
SERVE = (
    Says("server", "wrapper", "request"),
    Says("wrapper", "view", "the same request, with the state"),
    Says("view", "search", "search.get()"),
    Says("view", "server", "response"),
)
STOP = (
    Says("server", "wrapper", "lifespan.shutdown"),
    Says("wrapper", "run", "leave"),
    Says("run", "search", "stop"),
    Says("search", "run", "has ended"),
    Says("run", "http_client", "stop"),
    Says("http_client", "run", "has ended"),
    Says("run", "wrapper", "all stopped"),
    Says("wrapper", "server", "shutdown.complete"),
)
ALL = (*START, *SERVE, *STOP)


def across(who: str) -> float:
    """Return where the column of *who* is."""
    return MARGIN + WHO.index(who) * APART


def down(index: float) -> float:
    """Return where message number *index* is."""
    return HEAD + DOWN * (index + 1.2)


def parts() -> Iterator[str]:
    """Draw the columns, how long each lifespan is up, and the messages."""
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/>'
        "</marker></defs>"
    )
    bottom = down(len(ALL))
    for who in WHO:
        x, wide = across(who), room_of(who) + 20
        yield f'<path class="line" d="M{x:.0f} {HEAD:.0f}V{bottom:.0f}"/>'
        yield (
            f'<rect class="head" x="{x - wide / 2:.1f}" y="4" width="{wide:.1f}" '
            f'height="{HEAD - 4:.0f}" rx="4"/>'
        )
        yield words(who, x - room_of(who) / 2, HEAD - 9)
    for who in ("http_client", "search"):
        told = [index for index, one in enumerate(ALL) if who in (one.who, one.to)]
        first, last = down(told[0]), down(told[-1])
        yield (
            f'<rect class="up" x="{across(who) - 5:.0f}" y="{first:.1f}" width="10" '
            f'height="{last - first:.1f}"/>'
        )
    for index, one in enumerate(ALL):
        yield from message(one, down(index))


def message(one: Says, y: float) -> Iterator[str]:
    """Draw one message as an arrow, with its words above it."""
    start, end = across(one.who), across(one.to)
    yield f'<path class="says" d="M{start:.0f} {y:.1f}H{end:.0f}"/>'
    left = min(start, end) + 8
    yield words(one.text, left, y - 5, small=True)


def picture() -> str:
    """Write the whole of it."""
    title = "One run under a server, with two lifespans: " + "; ".join(
        f"{one.who} to {one.to}: {one.text}" for one in ALL
    )
    wide = across(WHO[-1]) + MARGIN
    return sheet(wide, down(len(ALL)) + 10, title, STYLE, parts()) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else FILE
    target.write_text(picture(), encoding="utf-8")
