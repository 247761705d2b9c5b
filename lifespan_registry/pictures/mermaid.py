"""The graph in the language of Mermaid, which Markdown pages of many sites draw."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator

from lifespan_registry.pictures.graph import Graph, Wait

SAFE = frozenset(f"{string.ascii_letters}{string.digits} _-.")

STYLES = (
    "classDef circle stroke:#c62828,stroke-width:3px",
    "classDef absent stroke-dasharray:4 4,opacity:0.6",
)


def draw(graph: Graph) -> str:
    """Write *graph* as a flowchart: an arrow goes from one to those that follow.

    A dotted arrow is order alone. What waits in a circle is red, what takes no part has
    a dashed frame.
    """
    return "\n".join(_lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    ids = {node.name: f"n{place}" for place, node in enumerate(graph.nodes, 1)}
    yield "flowchart LR"
    for node in graph.nodes:
        yield f'    {ids[node.name]}["{_text(node.name)}"]'
    waits = graph.lines
    for wait in waits:
        arrow = "-->" if wait.is_need else "-.->"
        yield f"    {ids[wait.first]} {arrow} {ids[wait.waiter]}"
    circle = [ids[node.name] for node in graph.nodes if node.in_circle]
    absent = [ids[node.name] for node in graph.absent]
    for style, name, members in zip(
        STYLES, ("circle", "absent"), (circle, absent), strict=True
    ):
        if members:
            yield f"    {style}"
            yield f"    class {','.join(members)} {name}"
    if circle:
        yield f"    linkStyle {_places(waits)} stroke:#c62828,stroke-width:3px"


def _places(waits: Iterable[Wait]) -> str:
    places = [str(place) for place, wait in enumerate(waits) if wait.in_circle]
    return ",".join(places)


def _text(name: str) -> str:
    """Write *name* so that nothing in it has a meaning, for Mermaid or in HTML."""
    return "".join(one if one in SAFE else f"#{ord(one)};" for one in name)
