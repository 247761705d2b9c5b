"""Views of Django Ninja and of REST framework, with one object between them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.examples.served import serving

PACKAGES = ("aiosqlite", "ninja", "rest_framework")


def test_readme(tmp_path: Path) -> None:
    """Each framework sees what the other has done; Ctrl-C closes all in reverse."""
    with serving("rest_views", tmp_path) as site:
        site.follow_readme()
        assert site.interrupt() == 0
    assert site.names("started") == ["database", "stock"]
    assert site.names("stopped") == ["stock", "database"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_at_the_same_time(tmp_path: Path) -> None:
    """Of eight requests at once, to both frameworks, five get one of five pieces."""
    with serving("rest_views", tmp_path) as site, ThreadPoolExecutor(8) as threads:
        paths = ["/ninja/stock/milk", "/drf/stock/milk"] * 4
        answers = list(threads.map(site.client.post, paths))
        assert site.client.get("/ninja/stock").json() == {"tea": 3, "milk": 0}
    assert Counter(answer.status_code for answer in answers) == {200: 5, 404: 3}
    left = [answer.json()["left"] for answer in answers if answer.is_success]
    assert sorted(left) == [0, 1, 2, 3, 4]
