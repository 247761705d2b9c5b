"""The graph in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from lifespan_registry.pictures.graph import Graph, Node, Wait


def draw(graph: Graph) -> str:
    """Write *graph* for ``dot``: an arrow goes from one to those that follow.

    A dashed arrow is order alone. What waits in a circle is red, what takes no part has
    a dashed frame. The tooltips say where, and why.
    """
    return "\n".join(_lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    ids = {node.name: f"n{place}" for place, node in enumerate(graph.nodes, 1)}
    yield "digraph lifespans {"
    yield "    rankdir=LR"
    yield '    node [shape=box, style=rounded, fontname="monospace"]'
    for node in graph.nodes:
        yield f"    {ids[node.name]} [{_node(node)}]"
    for wait in graph.lines:
        yield f"    {ids[wait.first]} -> {ids[wait.waiter]} [{_edge(wait)}]"
    yield "}"


def _node(node: Node) -> str:
    words = f"label={_quoted(node.name)}, tooltip={_quoted(_told(node))}"
    if node.absent:
        words += ', style="rounded,dashed", color=gray, fontcolor=gray'
    elif node.in_circle:
        words += ", color=red, penwidth=2"
    return words


def _told(node: Node) -> str:
    return f"{node.origin.where} {node.absent}".rstrip()


def _edge(wait: Wait) -> str:
    words = f"tooltip={_quoted(f'{wait.waiter!r} {wait.why}')}"
    if not wait.is_need:
        words += ", style=dashed"
    if wait.in_circle:
        words += ", color=red, penwidth=2"
    return words


def _quoted(text: str) -> str:
    """Quote *text* for Graphviz, which knows escapes and the entities of HTML."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("&", "&amp;")):
        text = text.replace(plain, escaped)
    # Graphviz 2.43 takes an entity above that range for another character.
    shown = (
        one if one.isascii() or one > "\uffff" else f"&#{ord(one)};" for one in text
    )
    return f'"{"".join(shown)}"'
