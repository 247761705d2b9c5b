"""The table and the tree that a person reads."""

from __future__ import annotations

from lifespan_registry import Registry
from lifespan_registry.pictures import text
from lifespan_registry.pictures.text import Style
from tests.pictures.drawn import add, circle, drawn, shop


def test_table(registry: Registry) -> None:
    """It has all that is asked: order, needs, limits, tags, places, who is left out."""
    shop(registry)
    graph = drawn(registry)
    where = graph["db"].origin.where
    head, *rows, left_out = text.draw(graph)

    assert [
        " | ".join(filter(None, map(str.strip, row.split("  ")))) for row in rows
    ] == [
        f"1 | db | - | (client), search, (last) | 20 s, 2.5 s | - | {where}",
        f"2 | client | (db) | search, (last) | no limit, 10 s | - | {where}",
        f"3 | search | db, client | (last) | 20 s, 10 s | api, web | {where}",
        f"4 | last | (db), (client), (search) | - | 20 s, 10 s | - | {where}",
    ]
    columns = ["name", "needs", "needed by", "time limits", "tags", "defined at"]
    places = [head.index(f" {column}") for column in columns]
    assert places == sorted(places)
    assert left_out == f"left out: 'metrics' ({where}) is disabled by its enabled="


def test_long_lists_are_shortened(registry: Registry) -> None:
    """However many wait for one, a row stays one that can be read."""
    add(registry, "db")
    for place in range(200):
        add(registry, f"service_{place}", requires="db")
    add(registry, "a_name_that_is_longer_than_the_room_for_it", requires="db")
    add(registry, "last", requires="a_name_that_is_longer_than_the_room_for_it")
    head, db, *rows = text.draw(drawn(registry))

    assert "service_0, service_1, +199  " in db
    assert "  a_name_that_is_longer_than_the_room_for_it  " in rows[-1]
    assert max(map(len, (head, db, *rows))) < 200
    assert len(rows) == 202


def test_wide_and_unprintable_names(registry: Registry) -> None:
    """Columns stand below one another, and nothing steers the terminal."""
    add(registry, "漢字")
    add(registry, "\x1b[31mred\r")
    add(registry, "plain")
    head, *rows = text.draw(drawn(registry))
    assert "  \\x1b[31mred\\r  -  " in rows[1]
    before = [row.partition("-")[0] for row in rows]
    assert len({text.width(one) for one in before}) == 1
    assert head.index("needs") == text.width(before[0])


def test_colours(registry: Registry) -> None:
    """Head, names and what is left out are coloured, where colours are given."""
    shop(registry)
    style = Style(
        head=lambda text: f"<head>{text}</head>",
        name=lambda text: f"<name>{text}</name>",
        aside=lambda text: f"<aside>{text}</aside>",
    )
    head, row, *_, left_out = text.draw(drawn(registry), style)
    assert (head[:6], left_out[:7]) == ("<head>", "<aside>")
    assert row.startswith("   1  <name>db    </name>  ")
    top, twig, *_ = text.tree(drawn(registry).leading_to("client"), "client", style)
    assert (top[:6], twig[:12]) == ("<name>", "<name>└── db")


def test_tree(registry: Registry) -> None:
    """It says what comes before one, and in whose words; each is unfolded once."""
    shop(registry)
    add(registry, "page", requires=("db", "search", "client"))
    graph = drawn(registry).leading_to("page")
    where = graph["db"].origin.where
    lines = [line.replace(where, "@") for line in text.tree(graph, "page")]

    assert lines == [
        "page                    @",
        "├── db                  @  'page' requires 'db'",
        "├── client              @  'page' requires 'client'",
        "│   └── db              @  'client' has after='db'",
        "└── search              @  'page' requires 'search'",
        "    ├── db              @  'search' requires 'db'",
        "    └── client (above)  @  'search' requires 'client'",
    ]


def test_tree_of_a_star(registry: Registry) -> None:
    """What follows from others is not said of each."""
    shop(registry)
    lines = list(text.tree(drawn(registry).leading_to("last"), "last"))
    assert len(lines) == 5
    assert lines[1].startswith("└── search ")
    assert lines[1].endswith("  'last' has after='*'")


def test_tree_of_a_circle(registry: Registry) -> None:
    """It ends where it has begun."""
    circle(registry)
    lines = list(text.tree(drawn(registry).leading_to("mail"), "mail"))
    assert [line.partition("tests/")[0].rstrip() for line in lines] == [
        "mail",
        "└── cache",
        "    ├── config",
        "    └── mail (above)",
    ]


def test_long_chain(registry: Registry) -> None:
    """A chain of a thousand is no matter of recursion."""
    count = 1200
    for place in range(count):
        add(registry, f"n{place}", after=f"n{place - 1}")
    graph = drawn(registry)
    assert len(list(text.tree(graph, f"n{count - 1}"))) == count
