"""Each format is read by the tool that it is for: Graphviz, Mermaid, a browser."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lifespan_registry import Registry
from lifespan_registry.pictures import dot as as_dot
from lifespan_registry.pictures import mermaid as as_mermaid
from lifespan_registry.pictures import svg as as_svg
from lifespan_registry.pictures import waterfall
from lifespan_registry.pictures.timeline import of_report
from tests.pictures.conftest import Tool
from tests.pictures.drawn import HOSTILE, circle, drawn, hostile, shop, two_hundred
from tests.pictures.runs import ZERO, one, report

PAGE = """\
<!doctype html>
<meta charset="utf-8">
<script src="{mermaid}"></script>
<script>
const boom = () => document.title = "boom";
const read = async (text) => {{
  const {{ svg }} = await mermaid.render("graph", text);
  const made = document.createElement("div");
  made.innerHTML = svg;
  const all = (what) => [...made.querySelectorAll(what)];
  return {{
    names: all(".node").map((one) => one.textContent.trim()),
    circle: all(".node.circle").map((one) => one.textContent.trim()),
    arrows: all(".edgePaths path").map((one) => one.getAttribute("class")),
    images: all("img").length,
  }};
}};
window.onload = async () => {{
  mermaid.initialize({{ startOnLoad: false, maxEdges: 5000 }});
  const found = document.createElement("pre");
  found.id = "found";
  try {{
    const pictures = [];
    for (const text of {texts}) pictures.push(await read(text));
    found.textContent = JSON.stringify(pictures);
  }} catch (error) {{
    found.textContent = String(error);
  }}
  document.body.replaceChildren(found);
}};
</script>
"""


@pytest.mark.parametrize("fill", [shop, circle, hostile, two_hundred])
def test_graphviz(
    fill: Callable[[Registry], None], registry: Registry, dot: Tool
) -> None:
    """Graphviz draws every lifespan under its name, and every arrow."""
    fill(registry)
    graph = drawn(registry)
    text = as_dot.draw(graph)

    svg = ET.fromstring(dot("-Tsvg", text=text))
    found = json.loads(dot("-Tjson", text=text))
    within = "{http://www.w3.org/2000/svg}"
    names = [
        "".join(one.itertext()).replace("\N{NO-BREAK SPACE}", " ")
        for node in svg.iter(f"{within}g")
        if node.get("class") == "node"
        for one in node.iter(f"{within}text")
    ]
    assert sorted(names) == sorted(node.name for node in graph.nodes)
    assert len(found.get("edges", ())) == len(graph.lines)


def test_mermaid(
    tmp_path: Path, mermaid_js: Path, browser: Callable[[Path], str]
) -> None:
    """Mermaid draws all lifespans by name, and all arrows; no name does harm."""
    graphs = []
    for fill in (shop, circle, hostile, two_hundred):
        registry = Registry()
        fill(registry)
        graphs.append(drawn(registry))
    texts = json.dumps([as_mermaid.draw(graph) for graph in graphs])
    page = tmp_path / "page.html"
    text = PAGE.format(mermaid=mermaid_js.as_uri(), texts=texts.replace("<", "\\u003c"))
    page.write_text(text, encoding="utf-8")
    opened = browser(page)

    found = re.search(r'<pre id="found">(.*)</pre>', opened, re.DOTALL)
    assert found is not None, opened
    pictures = json.loads(html.unescape(found[1]))
    for graph, picture in zip(graphs, pictures, strict=True):
        names = sorted(node.name for node in graph.nodes)
        assert sorted(picture["names"]) == names
        assert len(picture["arrows"]) == len(graph.lines)
        assert picture["images"] == 0
    assert sorted(pictures[1]["circle"]) == ["cache", "mail"]
    assert "<title>" not in opened


def test_browser(tmp_path: Path, browser: Callable[[Path], str]) -> None:
    """A browser reads the SVG as it is meant, and no name does anything in it."""
    picture = tmp_path / "picture.svg"
    for fill in (circle, hostile, two_hundred):
        registry = Registry()
        fill(registry)
        graph = drawn(registry)
        picture.write_text(as_svg.draw(graph), encoding="utf-8")
        opened = browser(picture)

        assert opened.startswith("<svg ")
        assert "<parsererror" not in opened
        assert opened.count("<rect ") == len(graph.nodes)
        assert opened.count('marker-end="') == len(graph.lines)
        assert "<script" not in opened


def test_browser_reads_a_waterfall(
    tmp_path: Path, browser: Callable[[Path], str]
) -> None:
    """So it does with that."""
    run = report(*(one(name, (0, 1), (5, 6)) for name in HOSTILE), path=HOSTILE)
    picture = tmp_path / "picture.svg"
    text = waterfall.draw(of_report(run, ZERO))
    picture.write_text(text, encoding="utf-8")
    opened = browser(picture)

    assert opened.startswith("<svg ")
    assert "<parsererror" not in opened
    assert opened.count("<rect ") == 2 * len(HOSTILE)
    assert "<script" not in opened
