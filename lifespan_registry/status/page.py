"""The page: the facts with the pictures, in HTML that loads nothing from elsewhere."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpResponse
from django.template import Context, Engine
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime

from lifespan_registry._core.registry import default_registry
from lifespan_registry.health import health
from lifespan_registry.pictures import graph, svg, waterfall
from lifespan_registry.pictures.timeline import Timeline, of_report
from lifespan_registry.status.facts import (
    Facts,
    LifespanFacts,
    of_all,
    of_process,
    of_run,
)

if TYPE_CHECKING:
    from lifespan_registry._core.report import Report

FOLDER = Path(__file__).parent

MOST = 8
"""How many of those that one waits for are named; `fragment.html` knows it, too."""


COUNTS = {0: "no lifespan takes part", 1: "the one lifespan has started"}


class Look(NamedTuple):
    """What was found in this process at one moment: of its runs, what is drawn, too."""

    facts: Facts
    runs: Sequence[tuple[Report, Timeline]]


def look(server: str) -> Look:
    """Look at the runs of this process, which *server* serves."""
    now = dt.datetime.now(dt.UTC)
    reports = [one for one in default_registry.reports() if len(one) or one.absent]
    runs = [(one, of_report(one, now)) for one in reports]
    told = [of_run(*run) for run in runs]
    failure = default_registry.last_failure
    process = of_process(server, now)
    return Look(of_all(health(), failure, process, told), runs)


def page(found: Look) -> HttpResponse:
    """Answer with the whole page, which asks for itself anew every few seconds."""
    context = {**_context(found), "script": _read("status.js")}
    # In names of files there may be what is no text.
    html = _render("page.html", context).encode("utf-8", "backslashreplace")
    response = HttpResponse(html)
    # Names and errors are text that others have written. And where a project has
    # a policy of its own, its middleware leaves this one as it is.
    response.headers["Content-Security-Policy"] = _policy()
    return response


def fragment(found: Look) -> str:
    """Return what the page has on this process, for another page."""
    return _render("fragment.html", _context(found))


def _context(found: Look) -> dict[str, Any]:
    facts = found.facts
    now = facts["process"]["at"]
    return {
        **facts,
        "summary": summary(facts),
        "runs": [
            {
                **told,
                "started_at": _clock(told["started_at"]),
                "lifespans": [_row(one, now) for one in told["lifespans"]],
                # What is in them has been escaped where they are drawn.
                "graph": mark_safe(svg.draw(graph.of_report(report))),  # noqa: S308
                "waterfall": mark_safe(waterfall.draw(timeline)),  # noqa: S308
            }
            for told, (report, timeline) in zip(facts["runs"], found.runs, strict=True)
        ],
        "at": _clock(now),
        "is_empty": not len(default_registry),
        "style": _read("status.css"),
    }


def _row(one: LifespanFacts, now: str) -> dict[str, Any]:
    needs_look = one["error"] is not None or one["status"] in ("starting", "stopping")
    return {
        **one,
        "since": _clock(one["since"]),
        "needs_look": needs_look,
        "so_far": _so_far(one, now),
        "more": max(len(one["waits_for"]) - MOST, 0),
    }


def _so_far(one: LifespanFacts, now: str) -> float | None:
    """Return how many seconds that what *one* is doing has taken until *now*."""
    if one["since"] is None or one["status"] not in ("starting", "stopping"):
        return None
    since = dt.datetime.fromisoformat(one["since"])
    return max((dt.datetime.fromisoformat(now) - since).total_seconds(), 0.0)


def summary(facts: Facts) -> str:
    """Say in a sentence how things are."""
    if not len(default_registry):
        return "no lifespan is registered"
    if facts["status"] == "started":
        count = sum(len(run["lifespans"]) for run in facts["runs"])
        return COUNTS.get(count, f"all {count} lifespans have started")
    whole, *each = facts["reasons"]
    return ", ".join(each) if facts["status"] == "crashed" and each else whole


def _clock(moment: str | None) -> dt.datetime | None:
    """Return *moment* in the time zone of the project."""
    return None if moment is None else localtime(dt.datetime.fromisoformat(moment))


def _render(name: str, context: dict[str, Any]) -> str:
    # Of the project's own TEMPLATES, none need know of it.
    return str(_engine().get_template(name).render(Context(context, use_l10n=False)))


@functools.cache
def _engine() -> Engine:
    return Engine(dirs=[str(FOLDER)])


@functools.cache
def _read(name: str) -> str:
    return mark_safe((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S308


@functools.cache
def _policy() -> str:
    digest = hashlib.sha256(_read("status.js").encode()).digest()
    hashed = base64.b64encode(digest).decode()
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            f"script-src 'self' 'sha256-{hashed}'",
            "style-src 'self' 'unsafe-inline'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )
