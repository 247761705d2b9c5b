"""Metrics of starts, stops and crashes."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.examples.served import Site, copied, readme, serving
from tests.project import ROOT
from tests.servers.process import WITHIN, Process

PACKAGES = ("prometheus_client",)

IN_THE_MAKING = "unpack_from requires a buffer of at least 4 bytes"
"""What `prometheus_client` says of a file that another worker is about to fill."""

AFTER_THE_CRASH = """
lifespan_crashes_total{lifespan="prices"} 1.0
lifespan_status{lifespan="prices",status="started"} 0.0
lifespan_status{lifespan="prices",status="crashed"} 1.0
"""


class Scrape(NamedTuple):
    """What Prometheus has read."""

    kinds: dict[str, str]
    values: dict[tuple[str, str, str], float]

    def value(self, name: str, lifespan: str = "", status: str = "") -> float | None:
        """Return the value of a sample, if there is one."""
        return self.values.get((name, lifespan, status))


def scraped(text: str) -> Scrape:
    """Read *text* as Prometheus does."""
    from prometheus_client.parser import text_string_to_metric_families

    families = list(text_string_to_metric_families(text))
    return Scrape(
        {family.name: family.type for family in families},
        {
            (one.name, one.labels.get("lifespan", ""), one.labels.get("status", "")): (
                one.value
            )
            for family in families
            for one in family.samples
            if one.name.startswith("lifespan") and "le" not in one.labels
        },
    )


def scrape(site: Site) -> Scrape:
    """Ask for the metrics."""
    answer = site.client.get("/metrics").raise_for_status()
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return scraped(answer.text)


def scraped_until(site: Site, condition: Callable[[Scrape], bool]) -> Scrape:
    """Ask for the metrics until *condition* is true of them.

    As the README says, a worker that begins or ends may spoil an answer.
    """
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            if condition(now := scrape(site)):
                return now
        except httpx.TransportError:
            pass
        except httpx.HTTPStatusError as error:
            assert IN_THE_MAKING in error.response.text, error.response.text
        assert time.monotonic() < deadline, site.output
        time.sleep(0.02)


def has_started(now: Scrape) -> bool:
    """Tell whether all is noted of a start: what comes last of it is there."""
    return now.value("lifespan_status", "prices", "crashed") is not None


def by_two_workers(name: str, folder: Path, port: int, **environment: str) -> Process:
    """Start a copy of an example with two workers.

    Uvicorn gives them five seconds to get ready, and to answer it, and kills them else:
    too little on a busy machine. What is killed leaves its gauges behind.
    """
    patience = ("--timeout-worker-healthcheck", str(int(WITHIN)))
    return Process(
        *("uvicorn", "--workers", "2", *patience),
        *("--port", str(port), f"{name}.asgi:application"),
        environment={"PYTHONDEVMODE": "1", "PYTHONPATH": str(ROOT), **environment},
        root=copied(name, folder),
    )


@pytest.fixture(name="shared")
def _shared(tmp_path: Path) -> str:
    """A directory for the metrics of several workers."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    return str(folder)


def test_start(tmp_path: Path) -> None:
    """What is served can be read: the times of the start, and who has started."""
    with serving("prometheus", tmp_path) as site:
        now = scraped_until(site, has_started)
        assert site.interrupt() == 0
    kinds = {name: kind for name, kind in now.kinds.items() if "lifespan" in name}
    assert {name: kind for name, kind in kinds.items() if "_created" not in name} == {
        "lifespan_crashes": "counter",
        "lifespan_start_seconds": "gauge",
        "lifespan_status": "gauge",
        "lifespan_stop_seconds": "histogram",
        "lifespans_start_seconds": "gauge",
        "lifespans_stop_seconds": "histogram",
    }
    catalogue = now.value("lifespan_start_seconds", "catalogue")
    prices = now.value("lifespan_start_seconds", "prices")
    whole = now.value("lifespans_start_seconds")
    assert catalogue is not None
    assert prices is not None
    assert whole is not None
    assert 0.19 < catalogue < catalogue + prices <= whole
    for name in ("catalogue", "prices"):
        assert now.value("lifespan_crashes_total", name) == 0
        assert now.value("lifespan_status", name, "started") == 1
        assert now.value("lifespan_status", name, "crashed") == 0
    assert now.value("lifespans_stop_seconds_count") == 0
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_crash_is_counted(tmp_path: Path) -> None:
    """It does what its README shows: a crash is in the counter, and in the status."""
    with serving("prometheus", tmp_path) as site:
        scraped_until(site, has_started)
        site.follow_readme()
        now = scraped_until(
            site, lambda now: now.value("lifespan_status", "prices", "crashed") == 1
        )
        assert site.interrupt() == 0
    assert AFTER_THE_CRASH in readme("prometheus")
    expected = scraped(AFTER_THE_CRASH).values
    assert {key: now.values[key] for key in expected} == expected
    assert now.value("lifespan_crashes_total", "catalogue") == 0
    assert now.value("lifespan_status", "catalogue", "started") == 1


def test_workers_share_their_metrics(tmp_path: Path, shared: str) -> None:
    """Each tells of all that live; counters and stops are kept of those before them."""
    settled = {
        ("lifespan_crashes_total", "prices", ""): 1,
        ("lifespan_stop_seconds_count", "catalogue", ""): 2,
        # One of the first two had crashed, and its stop was none.
        ("lifespan_stop_seconds_count", "prices", ""): 1,
        ("lifespans_stop_seconds_count", "", ""): 2,
        ("lifespan_status", "prices", "started"): 2,
        ("lifespan_status", "prices", "crashed"): 0,
        ("lifespan_status", "prices", "stopping"): 0,
        ("lifespan_status", "prices", "stopped"): 0,
    }
    with serving(
        "prometheus", tmp_path, by_two_workers, PROMETHEUS_MULTIPROC_DIR=shared
    ) as site:
        scraped_until(
            site, lambda now: now.value("lifespan_status", "prices", "started") == 2
        )
        site.client.get("/price/tea").raise_for_status()
        scraped_until(
            site, lambda now: now.value("lifespan_status", "prices", "crashed") == 1
        )
        site.process.send(signal.SIGHUP)  # Uvicorn replaces its workers
        scraped_until(site, lambda now: now.values.items() >= settled.items())
        assert site.interrupt() == 0
    assert [one.name for one in Path(shared).glob("gauge_*")] == []
