"""The example with a message consumer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.served import serving
from tests.services import running_redis

PACKAGES = ("faststream", "redis")


@pytest.fixture(name="own_redis")
def _own_redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty Redis that the test may stop."""
    with running_redis(request, tmp_path) as url:
        yield url


def test_readme(own_redis: str, tmp_path: Path) -> None:
    """It does what its README shows."""
    with serving("message_consumer", tmp_path, REDIS_URL=own_redis) as site:
        site.follow_readme()


def test_stop_loses_nothing(own_redis: str, tmp_path: Path) -> None:
    """The order in hand is written before the ledger stops; the others wait."""
    from redis import Redis

    environment = {"REDIS_URL": own_redis, "SECONDS": "0.5"}
    with serving("message_consumer", tmp_path, **environment) as site:
        for number in range(10):
            site.client.post(f"/publish/{number}").raise_for_status()
        site.process.wait_for("writes ")
        assert site.interrupt() == 0
    begun = re.findall(r"INFO: +writes (\d)\n", site.output)
    assert begun == re.findall(r"INFO: +has written (\d)\n", site.output)
    stop = site.output.index("stopped broker in ")
    assert site.output.rindex("has written ") < stop
    assert site.names("started") == ["ledger", "broker"]
    assert site.names("stopped") == ["broker", "ledger"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output
    with Redis.from_url(own_redis) as client:
        assert len(begun) + client.llen("example:orders") == 10


def test_crash_is_noticed(own_redis: str, tmp_path: Path) -> None:
    """Without its Redis the consumer dies: the log says so, and a view."""
    from redis import Redis

    with serving("message_consumer", tmp_path, REDIS_URL=own_redis) as site:
        assert site.client.get("/health").json() == {"consumer": "alive"}
        with Redis.from_url(own_redis) as client:
            client.shutdown(nosave=True)
        site.process.wait_for("'broker' .*crashed")
        answer = site.client.get("/health")
        assert answer.status_code == 503
        assert "crashed" in answer.json()["consumer"]
        assert site.interrupt() == 0
    assert site.names("stopped") == ["ledger"]
