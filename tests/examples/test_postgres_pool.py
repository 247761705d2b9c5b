"""The example with a pool of connections to PostgreSQL."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.examples.served import copied, serving, started
from tests.project import Project
from tests.servers.ports import free_port
from tests.servers.process import WITHIN

PACKAGES = ("psycopg", "psycopg_pool")

numbers = itertools.count()


@pytest.fixture(name="database")
def _database(postgres: str) -> str:
    """The address of an empty database."""
    from psycopg import connect

    name = f"example_{next(numbers)}"
    with connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres.rpartition('/')[0]}/{name}"


def connections(database: str) -> list[str]:
    """Return the state of each connection that others have to *database*."""
    from psycopg import connect

    with connect(database) as connection:
        rows = connection.execute(
            "SELECT state FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return [state for (state,) in rows]


def test_readme(database: str, tmp_path: Path) -> None:
    """It does what its README shows."""
    with serving("postgres_pool", tmp_path, DATABASE_URL=database) as site:
        site.follow_readme()


def test_requests_share_the_pool(database: str, tmp_path: Path) -> None:
    """Sixteen requests at the same time make do with the four of the pool."""
    with (
        serving("postgres_pool", tmp_path, DATABASE_URL=database) as site,
        ThreadPoolExecutor(16) as threads,
    ):
        for answer in threads.map(site.client.get, ["/pool"] * 16):
            answer.raise_for_status()
        assert site.client.get("/orm").json() == {"pool": 16, "orm": 1}
        # A connection of the ORM outlives its answer for a moment.
        deadline = time.monotonic() + WITHIN
        tries = itertools.takewhile(lambda _: time.monotonic() < deadline, numbers)
        assert any(len(connections(database)) <= 4 for _ in tries)


def test_ctrl_c_closes_the_pool(database: str, tmp_path: Path) -> None:
    """Ctrl-C closes the pool, and then goes on to what it has needed."""
    with serving("postgres_pool", tmp_path, DATABASE_URL=database) as site:
        for path in ("/pool", "/orm", "/rolled-back"):
            site.client.get(path).raise_for_status()
        assert connections(database) == ["idle"]
        assert site.interrupt() == 0
    assert connections(database) == []
    assert site.names("started") == ["tables", "postgres_pool"]
    assert site.names("stopped") == ["postgres_pool", "tables"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_own_tests_pass(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example's own tests find the pool on Django's test database."""
    monkeypatch.setenv("DATABASE_URL", database)
    project = Project(copied("postgres_pool", tmp_path), "postgres_pool.settings")
    result = project.python("-X", "dev", "manage.py", "test")
    assert result.returncode == 0, result.stderr
    assert "Ran 3 tests in " in result.stderr


def test_no_postgres(tmp_path: Path) -> None:
    """Without a PostgreSQL the server does not start, and says who has failed."""
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    with started("postgres_pool", tmp_path, free_port(), DATABASE_URL=url) as process:
        assert process.wait() == 3
    assert "lifespan failed to start:\n    'tables' (" in process.output
