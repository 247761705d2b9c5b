"""JSON, Mermaid and Graphviz: the texts, without the tools that read them."""

from __future__ import annotations

import json
import math

from lifespan_registry import Registry
from lifespan_registry.pictures import dot, mermaid, svg
from lifespan_registry.pictures import json as as_json
from tests.pictures.drawn import HOSTILE, add, circle, drawn, hostile, shop


def test_json(registry: Registry) -> None:
    """It holds all that is known, in the order of the start; no limit is null."""
    shop(registry)
    rows = json.loads(as_json.draw(drawn(registry)))["lifespans"]

    names = ["db", "client", "search", "last", "metrics"]
    assert [row["name"] for row in rows] == names
    origin = drawn(registry)["search"].origin
    assert rows[2] == {
        "name": "search",
        "file": origin.file,
        "line": origin.line,
        "tags": ["api", "web"],
        "startup_timeout": 20.0,
        "shutdown_timeout": 10.0,
        "waits_for": [
            {"name": "db", "why": "requires 'db'", "needed": True, "in_circle": False},
            {
                "name": "client",
                "why": "requires 'client'",
                "needed": True,
                "in_circle": False,
            },
        ],
        "followed_by": ["last"],
        "absent": None,
    }
    assert rows[1]["startup_timeout"] is None
    assert math.isfinite(rows[1]["shutdown_timeout"])
    assert rows[4]["absent"] == "is disabled by its enabled="


def test_json_of_a_circle(registry: Registry) -> None:
    """The waits that make a circle say so."""
    circle(registry)
    rows = json.loads(as_json.draw(drawn(registry)))["lifespans"]
    assert {
        (row["name"], wait["name"])
        for row in rows
        for wait in row["waits_for"]
        if wait["in_circle"]
    } == {("cache", "mail"), ("mail", "cache")}


def test_json_of_any_name(registry: Registry) -> None:
    """Names come back as they are."""
    for name in HOSTILE:
        add(registry, name)
    rows = json.loads(as_json.draw(drawn(registry)))["lifespans"]
    assert [row["name"] for row in rows] == [*HOSTILE]


def test_every_output_can_have_them(registry: Registry) -> None:
    """Outside of ASCII is only what Graphviz knows in no other way."""
    hostile(registry)
    graph = drawn(registry)
    for text in (as_json.draw(graph), mermaid.draw(graph), svg.draw(graph)):
        assert text.isascii()
    assert {one for one in dot.draw(graph) if not one.isascii()} == {"🚀"}


def test_nothing_to_draw(registry: Registry) -> None:
    """An empty registry makes an empty picture, in every format."""
    graph = drawn(registry)
    assert json.loads(as_json.draw(graph)) == {"lifespans": []}
    assert mermaid.draw(graph) == "flowchart LR"
    assert dot.draw(graph).splitlines()[-1] == "}"


def test_mermaid(registry: Registry) -> None:
    """Arrows go from what starts first; dotted ones are order alone."""
    shop(registry)
    assert mermaid.draw(drawn(registry)).splitlines() == [
        "flowchart LR",
        '    n1["db"]',
        '    n2["client"]',
        '    n3["search"]',
        '    n4["last"]',
        '    n5["metrics"]',
        "    n1 -.-> n2",
        "    n1 --> n3",
        "    n2 --> n3",
        "    n3 -.-> n4",
        "    classDef absent stroke-dasharray:4 4,opacity:0.6",
        "    class n5 absent",
    ]


def test_mermaid_of_a_circle(registry: Registry) -> None:
    """The circle is red: its frames and its arrows."""
    circle(registry)
    graph = drawn(registry)
    lines = mermaid.draw(graph).splitlines()
    arrows = [line for line in lines if "->" in line]
    ids = {node.name: f"n{place}" for place, node in enumerate(graph.nodes, 1)}
    (style,) = (line for line in lines if "linkStyle" in line)
    marked = [arrows[int(place)].strip() for place in style.split()[1].split(",")]
    assert sorted(marked) == sorted(
        [f"{ids['mail']} --> {ids['cache']}", f"{ids['cache']} -.-> {ids['mail']}"]
    )
    members = {ids["cache"], ids["mail"]}
    assert {*lines[lines.index(style) - 1].split()[1].split(",")} == members


def test_mermaid_escapes(registry: Registry) -> None:
    """No character of a name has a meaning."""
    add(registry, '<b>"#35;"')
    assert mermaid.draw(drawn(registry)).splitlines()[1] == (
        '    n1["#60;b#62;#34;#35;35#59;#34;"]'
    )


def test_dot(registry: Registry) -> None:
    """Arrows go from what starts first; dashed ones are order alone."""
    shop(registry)
    graph = drawn(registry)
    where = graph["db"].origin.where
    left_out = f"{where} is disabled by its enabled="
    gray = 'style="rounded,dashed", color=gray, fontcolor=gray'
    assert dot.draw(graph).splitlines() == [
        "digraph lifespans {",
        "    rankdir=LR",
        '    node [shape=box, style=rounded, fontname="monospace"]',
        f'    n1 [label="db", tooltip="{where}"]',
        f'    n2 [label="client", tooltip="{where}"]',
        f'    n3 [label="search", tooltip="{where}"]',
        f'    n4 [label="last", tooltip="{where}"]',
        f'    n5 [label="metrics", tooltip="{left_out}", {gray}]',
        "    n1 -> n2 [tooltip=\"'client' has after='db'\", style=dashed]",
        "    n1 -> n3 [tooltip=\"'search' requires 'db'\"]",
        "    n2 -> n3 [tooltip=\"'search' requires 'client'\"]",
        "    n3 -> n4 [tooltip=\"'last' has after='*'\", style=dashed]",
        "}",
    ]


def test_dot_of_a_circle(registry: Registry) -> None:
    """The circle is red: its frames and its arrows."""
    circle(registry)
    lines = dot.draw(drawn(registry)).splitlines()
    red = [line for line in lines if "color=red" in line]
    assert len([line for line in red if "->" in line]) == 2
    assert len([line for line in red if "label=" in line]) == 2


def test_dot_escapes(registry: Registry) -> None:
    """Backslashes, quotes and entities have no meaning."""
    add(registry, 'a "b" \\N &lt; \xfc')
    assert r'label="a \"b\" \\N &amp;lt; &#252;"' in dot.draw(drawn(registry))
