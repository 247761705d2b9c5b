"""The rows, and servers of them."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.rows import FIRST, ROWS
from tests.servers.rows.installed import require
from tests.servers.rows.row import Row

AT_ONCE = 2
"""How many servers of one test run at the same time: one for each core, or so."""


@pytest.fixture(name="row", scope="session", params=ROWS, ids=lambda row: row.slug)
def _row(request: pytest.FixtureRequest) -> Row:
    """Each server in turn, in one of the ways to start it.

    With ``--all-servers`` in all of them, and one that is not installed is a failure.
    """
    row: Row = request.param
    is_strict = request.config.getoption("--all-servers")
    require(row, ROWS if is_strict else FIRST, is_strict=is_strict)
    return row


@pytest.fixture(name="pool")
def _pool() -> Iterator[concurrent.futures.Executor]:
    """Threads for requests that take their time."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture(name="repeat")
def _repeat(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[Callable[[Path], None]], None]:
    """What runs a function ``--repetitions`` times, with a folder for each."""

    def repeat(function: Callable[[Path], None]) -> None:
        times = range(request.config.getoption("--repetitions"))
        folders = [tmp_path / str(number) for number in times]
        for folder in folders:
            folder.mkdir()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            assert [*pool.map(function, folders)] == [None] * len(folders)

    return repeat
