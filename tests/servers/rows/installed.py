"""Which servers are there."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Container

import pytest
from packaging.version import Version

from tests.servers.rows.row import Row


def require(row: Row, rows: Container[Row], *, is_strict: bool) -> None:
    """Skip the test where *row* is not among *rows*, or its server is not there.

    If *is_strict*, that is a failure. One that is older than the row promises is passed
    over in any case.
    """
    if row not in rows:
        pytest.skip("another row has this server, too; --all-servers runs all")
    for package, oldest in row.oldest.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            give_up = pytest.fail if is_strict else pytest.skip
            give_up(f"{package} is not installed")
        if Version(version) < Version(oldest):
            pytest.skip(f"{package} {version} is older than {oldest}")
