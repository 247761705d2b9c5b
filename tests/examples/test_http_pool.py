"""One HTTP client for all requests."""

from __future__ import annotations

from pathlib import Path

from tests.examples.served import copied, serving
from tests.project import Project

PACKAGES = ("httpx",)

WHOLE_LIFE = """
import asyncio, django
django.setup()
from http_pool.lifespans import http_client
from lifespan_registry import default_registry

async def main():
    async with default_registry.run():
        client = http_client.get()
        print(client.is_closed)
    print(client.is_closed)

asyncio.run(main())
"""


def test_requests_share_one_client(tmp_path: Path) -> None:
    """Async and sync views use one client, which stops with the server."""
    with serving("http_pool", tmp_path) as site:
        site.follow_readme()
        paths = ("/", "/sync", "/")
        answers = [site.client.get(path).raise_for_status().json() for path in paths]
        assert site.interrupt() == 0
    assert len({answer["client"] for answer in answers}) == 1
    assert site.names("started") == site.names("stopped") == ["http_client"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_client_is_closed_at_the_stop(tmp_path: Path) -> None:
    """The client is open while the lifespans are up, and closed afterwards."""
    project = Project(copied("http_pool", tmp_path), "http_pool.settings")
    result = project.python("-c", WHOLE_LIFE)
    assert result.stdout.split() == ["False", "True"], result.stderr
