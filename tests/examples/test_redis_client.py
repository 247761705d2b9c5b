"""The example with a Redis client."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.examples.served import serving, started
from tests.servers.ports import free_port

PACKAGES = ("redis",)


def emptied(url: str) -> str:
    """Delete what is in the Redis at *url*."""
    from redis import Redis

    with Redis.from_url(url) as client:
        client.flushdb()
    return url


def test_readme(redis: str, tmp_path: Path) -> None:
    """It does what its README shows."""
    with serving("redis_client", tmp_path, REDIS_URL=emptied(redis)) as site:
        site.follow_readme()


def test_requests_share_the_client(redis: str, tmp_path: Path) -> None:
    """Requests at the same time, in async and sync views, have one and the same."""
    url = emptied(redis)
    with (
        serving("redis_client", tmp_path, REDIS_URL=url) as site,
        ThreadPoolExecutor() as pool,
    ):
        answers = pool.map(
            lambda path: site.client.get(path).json(), ["/", "/sync"] * 4
        )
        clients, visits = set(), []
        for answer in answers:
            clients.add(answer.pop("client"))
            visits += answer.items()
    assert len(clients) == 1
    assert sorted(visits) == [
        *(("sync_visits", number) for number in range(1, 5)),
        *(("visits", number) for number in range(1, 5)),
    ]


def test_ctrl_c_closes_the_client(redis: str, tmp_path: Path) -> None:
    """Ctrl-C closes the client, and leaves no connection open."""
    with serving("redis_client", tmp_path, REDIS_URL=redis) as site:
        site.client.get("/").raise_for_status()
        site.client.get("/sync").raise_for_status()
        assert site.interrupt() == 0
    assert site.names("started") == site.names("stopped") == ["redis_client"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_no_redis(tmp_path: Path) -> None:
    """Without a Redis the server does not start, and says which lifespan failed."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    with started("redis_client", tmp_path, free_port(), REDIS_URL=url) as process:
        assert process.wait() == 3
    assert re.search(
        r"'redis_client' \(.*/lifespans\.py:\d+\): ConnectionError: .* connecting to ",
        process.output,
    )
