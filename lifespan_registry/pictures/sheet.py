"""What the SVG pictures have in common: colours, and text that is no markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from lifespan_registry.pictures.text import printable, width

# No font is the same everywhere: the text is made to fit.
LETTER, SMALL_LETTER = 8.0, 6.6

ROOM = 30
"""How many columns of letters are shown at most."""

STYLE = """\
.lifespans { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --faint: #5b6675;
  --box: #f2f5f9; --edge: #8794a6; --bar: #4f7cac; --mark: #c62828; --good: #2e7d32;
  --path: #c26a00; background: var(--paper);
  font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
@media (prefers-color-scheme: dark) { .lifespans { --paper: #12161c; --ink: #e8edf4;
  --faint: #a3afbf; --box: #1e2530; --edge: #6d7b8e; --bar: #6ea3d8; --mark: #ff7b72;
  --good: #56b35c;
  --path: #e59c33 } }
.lifespans text { fill: var(--ink) }
.lifespans .small { fill: var(--faint); font-size: 11px }
"""


def sheet(
    across: float, down: float, title: str, style: str, parts: Iterable[str]
) -> str:
    """Write a whole picture, in ASCII, so that every encoding is good enough."""
    lines = _lines(f"{across:.0f}", f"{down:.0f}", title, style, parts)
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace").decode()


def _lines(
    across: str, down: str, title: str, style: str, parts: Iterable[str]
) -> Iterator[str]:
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" class="lifespans" role="img" '
        f'width="{across}" height="{down}" viewBox="0 0 {across} {down}">'
    )
    yield f"<title>{plain(title)}</title>"
    yield f"<style>\n{STYLE}{style}\n</style>"
    yield from parts
    yield "</svg>"


def words(text: str, x: float, y: float, *, small: bool = False) -> str:
    """Write *text* at a place, as wide as `room_of()` says."""
    kind = ' class="small"' if small else ""
    return (
        f'<text{kind} x="{x:.1f}" y="{y:.1f}" '
        f'textLength="{room_of(text, small=small):.0f}">{plain(text)}</text>'
    )


def room_of(text: str, *, small: bool = False) -> float:
    """Return how much room *text* takes."""
    return width(text) * (SMALL_LETTER if small else LETTER)


def plain(text: str) -> str:
    """Write *text* so that nothing in it is markup, or no character of XML."""
    return escape("\n".join(map(printable, text.split("\n"))))


def shortened(text: str) -> str:
    """Leave out the end of *text*, where it is long."""
    text = printable(text)
    if width(text) <= ROOM:
        return text
    while width(text) >= ROOM:
        text = text[:-1]
    return f"{text}…"
