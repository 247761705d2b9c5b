"""What is drawn: who takes part, who waits for whom, what is in a circle."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.definition import Limits
from lifespan_registry.exceptions import PlanError
from lifespan_registry.pictures.graph import Wait, of_plan
from tests.pictures.drawn import add, circle, drawn, shop


def test_nodes_are_those_of_the_plan(registry: Registry) -> None:
    """They come in the order of the start, those that take no part at the end."""
    shop(registry)
    registry.limits = Limits(5, 6)
    graph = drawn(registry)

    assert [node.name for node in graph.present] == [*registry.plan().names]
    assert [(node.name, node.absent) for node in graph.absent] == [
        ("metrics", "is disabled by its enabled=")
    ]
    search, client = graph["search"], graph["client"]
    assert search.tags == ("api", "web")
    assert (search.startup_timeout, search.shutdown_timeout) == (5, 6)
    assert (client.startup_timeout, graph["db"].shutdown_timeout) == (float("inf"), 2.5)
    assert not any(node.in_circle for node in graph.nodes)


def test_plan_alone_can_be_drawn(registry: Registry) -> None:
    """Nothing but a plan and its limits is needed."""
    shop(registry)
    graph = of_plan(registry.plan(), registry.limits)
    assert [node.name for node in graph.nodes] == ["db", "client", "search", "last"]
    assert graph.absent == ()


def test_waits_have_the_words_of_the_plan(registry: Registry) -> None:
    """Each says why, and whether the one cannot do without the other."""
    shop(registry)
    graph = drawn(registry)

    assert graph.before("search") == [
        Wait("search", "db", "requires 'db'"),
        Wait("search", "client", "requires 'client'"),
    ]
    assert [wait.waiter for wait in graph.behind("db")] == ["client", "search", "last"]
    assert [wait.is_need for wait in graph.behind("db")] == [False, True, False]


async def test_need_and_order(registry: Registry) -> None:
    """A parameter and ``requires=`` are needs; ``after=`` and ``before=`` are not."""
    add(registry, "db", before="reports")
    add(registry, "reports")
    add(registry, "search", requires="db")
    add(registry, "mail", after="db")

    @registry.on_lifespan
    async def client(db: str) -> AsyncIterator[None]:
        yield

    async with registry.run():
        graph = drawn(registry)
    assert {wait.waiter: wait.is_need for wait in graph.waits} == {
        "client": True,
        "mail": False,
        "reports": False,
        "search": True,
    }


def lines(registry: Registry) -> set[tuple[str, str]]:
    """Return the arrows of a picture."""
    return {(wait.first, wait.waiter) for wait in drawn(registry).lines}


def test_star_is_drawn_where_it_is_needed(registry: Registry) -> None:
    """Of the arrows of a star those are left out that follow from others."""
    shop(registry)
    assert len(drawn(registry).before("last")) == 3
    assert lines(registry) == {
        ("db", "client"),
        ("db", "search"),
        ("client", "search"),
        ("search", "last"),
    }


def test_star_at_the_beginning(registry: Registry) -> None:
    """So it is with ``before="*"``."""
    add(registry, "a")
    add(registry, "b", after="a")
    add(registry, "first", before="*")
    assert lines(registry) == {("first", "a"), ("a", "b")}


def test_circle_is_marked(registry: Registry) -> None:
    """The members of a circle and their arrows are marked, and nothing else."""
    circle(registry)
    add(registry, "stray", requires="nowhere")
    with pytest.raises(PlanError):
        registry.plan()
    graph = drawn(registry)

    assert {node.name for node in graph.nodes if node.in_circle} == {"cache", "mail"}
    assert {(one.waiter, one.first) for one in graph.waits if one.in_circle} == {
        ("cache", "mail"),
        ("mail", "cache"),
    }
    assert set(graph.lines) == set(graph.waits)


def test_star_after_a_circle(registry: Registry) -> None:
    """What comes after a circle by a star is drawn to it."""
    circle(registry)
    add(registry, "last", after="*")
    assert ("reports", "last") in lines(registry)


def test_lifespan_that_waits_for_itself(registry: Registry) -> None:
    """It is a circle of one."""
    add(registry, "me", requires="me")
    (wait,) = drawn(registry).lines
    assert wait == Wait("me", "me", "requires 'me'", in_circle=True)


def test_part_that_leads_to_one(registry: Registry) -> None:
    """It has everything that has to start before, at any distance, and no more."""
    shop(registry)
    part = drawn(registry).leading_to("search")
    assert [node.name for node in part.nodes] == ["db", "client", "search"]
    assert len(part.waits) == 3
    assert [node.name for node in drawn(registry).leading_to("db").nodes] == ["db"]
