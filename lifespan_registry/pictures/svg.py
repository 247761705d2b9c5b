"""The graph as SVG, for a browser: one text, which loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lifespan_registry.pictures.graph import Graph, Node, Wait
from lifespan_registry.pictures.layout import HEIGHT, Box, Layout, Point, lay_out
from lifespan_registry.pictures.sheet import plain, room_of, sheet, shortened, words

STYLE = """\
.lifespans rect { fill: var(--box); stroke: var(--edge) }
.lifespans path { fill: none; stroke: var(--edge); stroke-width: 1.5 }
.lifespans marker path { fill: var(--edge); stroke: none }
.lifespans .order { stroke-dasharray: 5 4 }
.lifespans .absent rect { fill: none; stroke-dasharray: 4 4 }
.lifespans .absent text { fill: var(--faint) }
.lifespans .circle rect, .lifespans path.circle { stroke: var(--mark); stroke-width: 3 }
.lifespans marker .circle { fill: var(--mark); stroke: none }
.lifespans .started rect { stroke: var(--good); stroke-width: 2 }
.lifespans .failed rect, .lifespans .crashed rect { stroke: var(--mark);
  stroke-width: 3 }
.lifespans .waiting rect, .lifespans .starting rect { stroke-dasharray: 2 3 }
.lifespans g:hover rect { stroke: var(--ink) }
.lifespans path:hover { stroke: var(--ink); stroke-width: 3 }"""


def draw(graph: Graph) -> str:
    """Write *graph* as SVG: an arrow goes from one to those that follow.

    A dashed arrow is order alone. What waits in a circle is red, what takes no part has
    a dashed frame. Of a run, it says below each name how far that one has come. Where
    the pointer rests, it says more.
    """
    layout = lay_out(graph, {node.name: _width(node) for node in graph.nodes})
    count = len(graph.present)
    title = f"{count} lifespan{'' if count == 1 else 's'}, and what each waits for"
    return sheet(layout.width, layout.height, title, STYLE, _parts(graph, layout))


def _parts(graph: Graph, layout: Layout) -> Iterator[str]:
    yield "<defs>"
    for kind in ("tip", "circle"):
        yield (
            f'<marker id="lifespans-{kind}" viewBox="0 0 8 8" refX="8" refY="4" '
            'markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" '
            f'orient="auto"><path class="{kind}" d="M0 0 8 4 0 8z"/></marker>'
        )
    yield "</defs>"
    for wait, points in sorted(layout.arrows, key=lambda one: one[0].in_circle):
        yield _arrow(wait, points)
    for node in graph.nodes:
        yield _box(graph, node, layout.boxes[node.name])


def _width(node: Node) -> float:
    name, below = shortened(node.name), _below(node)
    return max(room_of(name), room_of(below, small=True), 60) + 20


def _below(node: Node) -> str:
    """Return what stands below the name: what has become of it, or where it is."""
    if node.status is not None:
        took = "" if node.seconds is None else f", start {node.seconds:.3f} s"
        return f"{node.status.value}{took}"
    # Of a path, the end says more.
    return shortened(node.origin.where[::-1])[::-1]


def _box(graph: Graph, node: Node, box: Box) -> str:
    kind = "absent" if node.absent else "circle" if node.in_circle else "present"
    if node.status is not None:
        kind = node.status.value
    return (
        f'<g class="{kind}"><title>{plain(_told(graph, node))}</title>'
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{HEIGHT:.0f}" rx="7"/>'
        f"{words(shortened(node.name), box.x + 10, box.y + 20)}"
        f"{words(_below(node), box.x + 10, box.y + 36, small=True)}</g>"
    )


def _told(graph: Graph, node: Node) -> str:
    """Say of *node* what has no room in its box."""
    lines = [f"{node.origin} {node.absent}".rstrip()]
    lines += [wait.why for wait in graph.before(node.name)]
    if node.tags:
        lines.append(f"tags: {', '.join(node.tags)}")
    return "\n".join(lines)


def _arrow(wait: Wait, points: Sequence[Point]) -> str:
    (x, y), *_ = points
    way = f"M{x:.1f} {y:.1f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        # It is level where it leaves one column and where it comes to the next.
        half = (x1 + x2) / 2
        way += (
            f"H{x2:.1f}"
            if y1 == y2
            else f"C{half:.1f} {y1:.1f} {half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        )
    kinds = [] if wait.is_need else ["order"]
    kinds += ["circle"] if wait.in_circle else []
    tip = "circle" if wait.in_circle else "tip"
    named = f' class="{" ".join(kinds)}"' if kinds else ""
    why = plain(f"{wait.waiter!r} {wait.why}")
    return (
        f'<path{named} d="{way}" marker-end="url(#lifespans-{tip})">'
        f"<title>{why}</title></path>"
    )
