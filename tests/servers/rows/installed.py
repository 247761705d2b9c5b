"""Which servers are there."""

from __future__ import annotations

import importlib.metadata

import pytest
from packaging.version import Version

from tests.servers.rows.row import Row


def require(row: Row, *, is_strict: bool) -> None:
    """Skip the test where the server of *row* is not there.

    If *is_strict*, that is a failure. One that is older than the row promises is passed
    over in any case.
    """
    for package, oldest in row.oldest.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            give_up = pytest.fail if is_strict else pytest.skip
            give_up(f"{package} is not installed")
        if Version(version) < Version(oldest):
            pytest.skip(f"{package} {version} is older than {oldest}")
