"""Context variables that reach every request, and spans that are not lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.examples.served import serving

PACKAGES = ("opentelemetry", "structlog")


def lines_of(output: str) -> list[dict[str, str]]:
    """Return what each line of the log says."""
    lines = re.findall(r"^level=.*$", output, re.MULTILINE)
    return [dict(re.findall(r"(\w+)=(\S+)", line)) for line in lines]


def spans_of(output: str) -> dict[str, str]:
    """Return the spans that have been exported: name by trace."""
    spans = [json.loads(line) for line in re.findall(r"^{.*}$", output, re.MULTILINE)]
    return {
        span["context"]["trace_id"].removeprefix("0x"): span["name"] for span in spans
    }


def test_context_reaches_every_line_and_every_span_is_exported(tmp_path: Path) -> None:
    """Each line has what lifespans have set, and a trace whose span comes out."""
    with serving("request_context", tmp_path) as site:
        site.follow_readme()
        assert site.interrupt() == 0
    site.has_logged_readme()
    lines, spans = lines_of(site.output), spans_of(site.output)
    assert {line["worker"] for line in lines} == {str(site.process.pid)}
    assert {line["release"] for line in lines} == {"2026.11"}
    said = [(spans[line["trace"]], line["event"]) for line in lines]
    assert [line for line in said if line[0] != "GET /no-such-page"] == [
        ("open the shop", "open"),
        ("GET /", "hello"),
        ("GET /", "answered"),
        ("GET /sync", "hello"),
        ("GET /sync", "answered"),
        ("close the shop", "closed"),
    ]


def test_contexts_are_set_first_and_reset_last(tmp_path: Path) -> None:
    """What logs and traces stops before the context and the tracer that it uses."""
    with serving("request_context", tmp_path) as site:
        assert site.interrupt() == 0
    assert site.names("started")[-1] == site.names("stopped")[0] == "shop"
    assert sorted(site.names("stopped")) == sorted(site.names("started"))
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output
