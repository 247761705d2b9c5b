"""The graph as SVG, and where its boxes and arrows go."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.pictures import svg
from lifespan_registry.pictures.graph import Graph, of_report
from lifespan_registry.pictures.layout import HEIGHT, Layout, lay_out
from tests.pictures import runs
from tests.pictures.drawn import (
    HOSTILE,
    add,
    circle,
    drawn,
    hostile,
    shop,
    two_hundred,
)
from tests.project import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def fan(registry: Registry) -> None:
    """Fill *registry* with many that wait for the same one."""
    add(registry, "db")
    for place in range(60):
        add(registry, f"n{place}", requires="db")


def alone(registry: Registry) -> None:
    """Fill *registry* with many that have nothing to do with one another."""
    for place in range(60):
        add(registry, f"n{place}", enabled=place % 7 > 0)


def laid_out(graph: Graph) -> Layout:
    """Return the layout of boxes that are not all alike."""
    widths = {
        node.name: 100.0 + 10 * (place % 5) for place, node in enumerate(graph.nodes)
    }
    return lay_out(graph, widths)


FILLS = [shop, circle, hostile, two_hundred, fan, alone]


@pytest.mark.parametrize("fill", FILLS)
def test_boxes_do_not_overlap(
    fill: Callable[[Registry], None], registry: Registry
) -> None:
    """Each has room of its own, inside the picture."""
    fill(registry)
    layout = laid_out(drawn(registry))

    assert len(layout.boxes) == len(registry)
    for one, other in combinations(layout.boxes.values(), 2):
        across = max(one.x, other.x) - min(one.x + one.width, other.x + other.width)
        down = abs(one.y - other.y) - HEIGHT
        assert max(across, down) >= 10, (one, other)
    for box in layout.boxes.values():
        assert 0 < box.x < box.x + box.width < layout.width
        assert 0 < box.y < box.y + HEIGHT < layout.height


@pytest.mark.parametrize("fill", [shop, circle, hostile, two_hundred, fan])
def test_arrows_go_to_the_right(
    fill: Callable[[Registry], None], registry: Registry
) -> None:
    """They go from what starts first; only in a circle does one go back."""
    fill(registry)
    graph = drawn(registry)
    layout = laid_out(graph)
    back = 0

    assert [wait for wait, _ in layout.arrows] == [*graph.lines]
    for wait, points in layout.arrows:
        first, waiter = layout.boxes[wait.first], layout.boxes[wait.waiter]
        if first.x < waiter.x:
            ends = ((first.x + first.width, first.middle), (waiter.x, waiter.middle))
        else:
            ends = ((first.x, first.middle), (waiter.x + waiter.width, waiter.middle))
            back += 1
        assert (points[0], points[-1]) == ends
        places = [x for x, _ in points]
        assert places == sorted(places, reverse=first.x > waiter.x)
    assert back == (1 if fill is circle else 0)


@pytest.mark.parametrize("fill", [two_hundred, fan])
def test_arrows_pass_between_boxes(
    fill: Callable[[Registry], None], registry: Registry
) -> None:
    """Where one goes level, it goes through no box."""
    fill(registry)
    layout = laid_out(drawn(registry))
    columns: dict[float, list[float]] = {}
    for box in layout.boxes.values():
        columns.setdefault(box.x, []).append(box.middle)

    passed = 0
    for _, points in layout.arrows:
        for x, y in points[1:-1]:
            for middle in columns.get(x, ()):
                assert abs(middle - y) > HEIGHT / 2
                passed += 1
    assert passed > 0


@pytest.mark.parametrize("fill", [two_hundred, fan, alone])
def test_many_are_no_strip(
    fill: Callable[[Registry], None], registry: Registry
) -> None:
    """A picture of many is neither a tower nor a snake."""
    fill(registry)
    layout = laid_out(drawn(registry))
    assert 1 / 4 < layout.width / layout.height < 4


def test_lifespan_that_waits_for_itself(registry: Registry) -> None:
    """Its arrow leaves it, and comes back."""
    add(registry, "me", requires="me")
    layout = laid_out(drawn(registry))
    ((_, points),) = layout.arrows
    box = layout.boxes["me"]
    assert {x for x, _ in points} > {box.x + box.width}


@pytest.mark.parametrize("fill", FILLS)
def test_well_formed(fill: Callable[[Registry], None], registry: Registry) -> None:
    """It is XML, has every lifespan and every arrow, and asks for nothing outside."""
    fill(registry)
    graph = drawn(registry)
    text = svg.draw(graph)
    root = ET.fromstring(text)

    assert len(list(root.iter(f"{SVG}rect"))) == len(graph.nodes)
    arrows = [one for one in root.iter(f"{SVG}path") if one.get("marker-end")]
    assert len(arrows) == len(graph.lines)
    kinds = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert kinds <= {
        *("svg", "title", "style", "defs", "marker", "path", "g", "rect", "text")
    }
    assert re.findall(r"https?://[^\"]*|href|@import|url\((?!#)", text) == [
        "http://www.w3.org/2000/svg"
    ]


def test_names_are_shown_as_they_are(registry: Registry) -> None:
    """Markup in a name is no markup; of a long name the end is left out."""
    hostile(registry)
    add(registry, "a_name_that_is_so_long_that_nobody_reads_it", startup_timeout=5)
    add(registry, "steers\x1b[31m\x00")
    root = ET.fromstring(svg.draw(drawn(registry)))
    shown = {one.findtext(f"{SVG}text") for one in root.iter(f"{SVG}g")}
    told = " ".join(one.findtext(f"{SVG}title") or "" for one in root.iter(f"{SVG}g"))

    assert {*HOSTILE} - shown == {HOSTILE[1]}
    assert {"a_name_that_is_so_long_that_n…", "steers\\x1b[31m\\x00"} < shown
    assert "'a_name_that_is_so_long_that_nobody_reads_it'" in told


def test_what_is_marked(registry: Registry) -> None:
    """Order alone is dashed, the absent are faint, the circle is red."""
    circle(registry)
    add(registry, "metrics", enabled=False, tags={"web", "api"})
    root = ET.fromstring(svg.draw(drawn(registry)))
    boxes = {
        one.findtext(f"{SVG}text"): one.get("class") for one in root.iter(f"{SVG}g")
    }
    assert boxes == {
        "config": "present",
        "cache": "circle",
        "mail": "circle",
        "reports": "present",
        "metrics": "absent",
    }
    arrows = {
        one.findtext(f"{SVG}title"): one.get("class")
        for one in root.iter(f"{SVG}path")
        if one.get("marker-end")
    }
    assert arrows == {
        "'cache' requires 'config'": None,
        "'cache' requires 'mail'": "circle",
        "'mail' has after='cache'": "order circle",
        "'reports' requires 'mail'": None,
    }
    told = [one.findtext(f"{SVG}title") or "" for one in root.iter(f"{SVG}g")]
    assert told[-1].endswith(" is disabled by its enabled=\ntags: api, web")
    assert root.findtext(f"{SVG}title") == "4 lifespans, and what each waits for"


async def test_run_is_drawn(registry: Registry) -> None:
    """The graph of a run says how far each lifespan has come."""
    add(registry, "db", tags={"web"})
    add(registry, "mail", after="db")
    run = registry.run()
    async with run:
        graph = of_report(run.report)
    assert graph.before("mail") == drawn(registry).before("mail")
    db = graph["db"]
    assert db == drawn(registry)["db"]._replace(status=db.status, seconds=db.seconds)

    def shown(graph: Graph) -> dict[str | None, tuple[str | None, str]]:
        root = ET.fromstring(svg.draw(graph))
        return {
            name.text: (box.get("class"), re.sub(r"[\d.]+", "?", below.text or ""))
            for box in root.iter(f"{SVG}g")
            for name, below in [box.findall(f"{SVG}text")]
        }

    up = "started", "started, start ? s"
    assert shown(graph) == {"db": up, "mail": up}
    failed = runs.report(runs.one("db", status=Status.FAILED))
    assert shown(of_report(failed)) == {"db": ("failed", "failed")}


def test_same_picture_again() -> None:
    """One graph makes the same picture in every process, to be kept with the code."""
    code = (
        "from lifespan_registry import Registry\n"
        "from lifespan_registry.pictures import svg\n"
        "from tests.pictures.drawn import drawn, two_hundred\n"
        "two_hundred(registry := Registry())\n"
        "print(svg.draw(drawn(registry)))\n"
    )
    pictures = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(pictures) == 1


def test_light_and_dark(registry: Registry) -> None:
    """It follows the reader's choice, and changes no page that it is put into."""
    add(registry, "db")
    text = svg.draw(drawn(registry))
    style = text[text.index("<style>") : text.index("</style>")]
    assert "@media (prefers-color-scheme: dark)" in style
    rules = re.findall(
        r"(?:^|\} )([^{}@]+?)\s*\{", style.replace("<style>", ""), re.MULTILINE
    )
    selectors = [one for rule in rules for one in rule.split(",")]
    assert all(one.strip().startswith(".lifespans") for one in selectors), selectors
    assert "1 lifespan, and" in text


def test_nothing_to_draw(registry: Registry) -> None:
    """An empty registry is an empty picture."""
    root = ET.fromstring(svg.draw(drawn(registry)))
    assert list(root.iter(f"{SVG}rect")) == []
