"""Models that take seconds to load."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.examples.served import Site, serving
from tests.servers.process import WITHIN

PACKAGES = ()

MODELS = ["functions", "modules"]


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example with models that are a little faster."""
    folder = tmp_path_factory.mktemp("site")
    with serving(
        "slow_model", folder, SECONDS_TO_LOAD="1", SECONDS_TO_THINK="0.2"
    ) as site:
        yield site


@contextmanager
def asking(site: Site, path: str) -> Iterator[None]:
    """Ask for *path* again and again, beside what the test does."""
    is_over = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=site.client.base_url, trust_env=False) as client:
            while not is_over.is_set():
                client.get(path, timeout=WITHIN).raise_for_status()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(WITHIN)


def test_readme(site: Site) -> None:
    """The views answer, and the console has, what the README shows."""
    site.follow_readme()
    site.has_logged_readme()


def test_models_load_at_the_same_time(site: Site) -> None:
    """The start takes less time than its two parts together."""
    took = [
        float(seconds)
        for seconds in re.findall(
            r"started (?:functions|modules) in (.+) s", site.output
        )
    ]
    total = re.search(r"2 lifespans started in (.+) s", site.output)
    assert total
    assert len(took) == 2
    assert min(took) >= 1
    assert float(total[1]) < sum(took)


@pytest.mark.parametrize("path", ["/complete/pr", "/complete-sync/pr"])
def test_loop_is_free_meanwhile(site: Site, path: str) -> None:
    """While a model thinks, for an async view or a sync one, others are answered."""
    deadline = time.monotonic() + WITHIN
    with asking(site, path):
        while not site.client.get("/").raise_for_status().json()["thinking"]:
            assert time.monotonic() < deadline, "the loop is free only between answers"
            time.sleep(0.02)


def test_ctrl_c(tmp_path: Path) -> None:
    """After Ctrl-C nothing is left, no thread either: the server ends by itself."""
    with serving(
        "slow_model", tmp_path, SECONDS_TO_LOAD="0", SECONDS_TO_THINK="0"
    ) as site:
        assert site.interrupt() == 0
    assert sorted(site.names("stopped")) == MODELS
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output
