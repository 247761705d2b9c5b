"""Spans of starts, stops and crashes."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.examples.served import Site, serving, started
from tests.servers.ports import free_port

PACKAGES = ("opentelemetry",)

Spans = dict[str, dict[str, Any]]


def spans_of(output: str) -> Spans:
    """Return the spans that have been exported, by name; each one there is once."""
    spans = [json.loads(line) for line in re.findall(r"^{.*}$", output, re.MULTILINE)]
    by_name = {span["name"]: span for span in spans}
    assert len(by_name) == len(spans)
    return by_name


def within(spans: Spans, name: str) -> list[str]:
    """Return the spans in one: each is of its trace, and no longer than it."""
    whole = spans[name]
    inside = [
        span
        for span in spans.values()
        if span["parent_id"] == whole["context"]["span_id"]
    ]
    for span in inside:
        assert span["context"]["trace_id"] == whole["context"]["trace_id"]
        moments = [
            *(whole["start_time"], span["start_time"]),
            *(span["end_time"], whole["end_time"]),
        ]
        assert sorted(moments) == moments
    return sorted(span["name"] for span in inside)


def seconds(span: dict[str, Any]) -> float:
    """Return how long a span is."""
    begin, end = (
        dt.datetime.fromisoformat(span[key]) for key in ("start_time", "end_time")
    )
    return (end - begin).total_seconds()


def exception(span: dict[str, Any]) -> dict[str, str]:
    """Return the attributes of the one exception in a span, which is an error."""
    assert span["status"]["status_code"] == "ERROR"
    [event] = span["events"]
    assert event["name"] == "exception"
    assert span["start_time"] <= event["timestamp"] <= span["end_time"]
    attributes: dict[str, str] = event["attributes"]
    return attributes


@pytest.mark.parametrize("end", [Site.interrupt, Site.terminate])
def test_start_and_stop(end: Callable[[Site], int], tmp_path: Path) -> None:
    """Whatever ends the server, all spans come out: of the start, and of the stop."""
    with serving("open_telemetry", tmp_path) as site:
        # Uvicorn ends itself by the SIGTERM that it was sent.
        assert end(site) in (0, -15)
    spans = spans_of(site.output)
    names = ("catalogue", "prices", "search")
    for verb in ("start", "stop"):
        whole = f"{verb} lifespans"
        assert spans[whole]["parent_id"] is None
        assert within(spans, whole) == [f"{verb} {name}" for name in names]
    assert len(spans) == 8
    assert {span["status"]["status_code"] for span in spans.values()} == {"UNSET"}
    for earlier, later in pairwise(["start catalogue", "start search"]):
        assert spans[earlier]["end_time"] <= spans[later]["start_time"]
    assert spans["stop search"]["end_time"] <= spans["stop catalogue"]["start_time"]
    assert seconds(spans["start catalogue"]) > 0.19
    assert seconds(spans["stop catalogue"]) > 0.09
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_attributes(tmp_path: Path) -> None:
    """A span has what the report knows, and the instance that it is of."""
    with serving("open_telemetry", tmp_path) as site:
        assert site.interrupt() == 0
    spans = spans_of(site.output)
    attributes = {name: span["attributes"] for name, span in spans.items()}
    assert attributes["start lifespans"] == {
        "lifespan.count": 3,
        "lifespan.status": "started",
        "lifespan.critical_path": ["catalogue", "search"],
    }
    prices = attributes["start prices"]
    file, line = Path(prices.pop("code.file.path")), prices.pop("code.line.number")
    assert (
        file.read_text(encoding="utf-8")
        .splitlines()[line]
        .startswith("async def prices")
    )
    assert prices == {
        "lifespan.name": "prices",
        "lifespan.status": "started",
        "lifespan.waits_for": ["catalogue"],
        "lifespan.tags": ["web"],
        "lifespan.is_critical": False,
    }
    assert attributes["start search"]["lifespan.is_critical"]
    assert attributes["stop prices"]["lifespan.status"] == "stopped"
    resources = [span["resource"]["attributes"] for span in spans.values()]
    assert {one["service.name"] for one in resources} == {"shop"}
    assert len({one["service.instance.id"] for one in resources}) == 1


def test_crash(tmp_path: Path) -> None:
    """It does what its README shows: a crash is a trace, and no part of the stop."""
    with serving("open_telemetry", tmp_path) as site:
        site.follow_readme()
        site.process.wait_for("'prices' .*crashed")
        # Long before the end: the thread that exports is told at once.
        site.process.wait_for('"name": "crash of prices"')
        assert site.interrupt() == 0
    site.has_logged_readme()
    spans = spans_of(site.output)
    crash = spans["crash of prices"]
    assert crash["parent_id"] is None
    error = exception(crash)
    assert error["exception.type"] == "ExceptionGroup"
    assert "could not convert string to float: 'tea'" in error["exception.stacktrace"]
    assert crash["attributes"]["lifespan.status"] == "crashed"
    assert within(spans, "stop lifespans") == ["stop catalogue", "stop search"]


def test_failed_start(tmp_path: Path) -> None:
    """A start that fails is a trace as well, with the error where it came up."""
    with started("open_telemetry", tmp_path, free_port(), BROKEN="search") as process:
        assert process.wait() == 3
    spans = spans_of(process.output)
    assert within(spans, "start lifespans") == [
        "start catalogue",
        "start prices",
        "start search",
    ]
    assert exception(spans["start search"])["exception.message"] == (
        "the index is broken"
    )
    assert spans["start lifespans"]["status"] == {
        "status_code": "ERROR",
        "description": "the start has failed",
    }
    assert spans["start lifespans"]["attributes"]["lifespan.critical_path"] == []
    assert within(spans, "stop lifespans") == ["stop catalogue", "stop prices"]
    assert "ResourceWarning" not in process.output
