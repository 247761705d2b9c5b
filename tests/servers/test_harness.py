"""The harness of these tests: its ports, and what it does without a server."""

from __future__ import annotations

import dataclasses
import socket
import tomllib

import pytest

from tests.servers.ports import HIGHEST, LOWEST, free_port, is_free
from tests.servers.process import ROOT
from tests.servers.rows import FIRST, ROWS
from tests.servers.rows.installed import require
from tests.servers.rows.row import OLDEST

ROW = dataclasses.replace(ROWS[0], packages=("pytest",), newer={"pytest": "8"})


def test_ports_differ() -> None:
    """No port is given twice, and each is out of the way of clients."""
    ports = [free_port() for _ in range(100)]

    assert len({*ports}) == 100
    assert all(LOWEST <= port < HIGHEST for port in ports)


def test_port_in_use() -> None:
    """A port on which somebody listens is not free."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_row_of_what_is_there() -> None:
    """A row whose packages are new enough is run."""
    require(ROW, [ROW], is_strict=True)


def test_row_that_is_not_asked_for() -> None:
    """One row of each server is enough, unless all are asked for."""
    assert [row.packages[0] for row in FIRST].count("hypercorn") == 1

    with pytest.raises(pytest.skip.Exception, match="--all-servers runs all"):
        require(ROW, FIRST, is_strict=False)


def test_row_of_what_is_not_there() -> None:
    """A server that is not installed is passed over, or a failure."""
    row = dataclasses.replace(
        ROW, packages=("no-such-server",), newer={"no-such-server": "1"}
    )

    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        require(row, [row], is_strict=False)
    with pytest.raises(pytest.fail.Exception, match="no-such-server is not installed"):
        require(row, [row], is_strict=True)


def test_row_of_what_is_too_old() -> None:
    """A server that is older than its row promises is passed over."""
    row = dataclasses.replace(ROW, newer={"pytest": "999"})

    with pytest.raises(pytest.skip.Exception, match="is older than 999"):
        require(row, [row], is_strict=True)


def test_the_oldest_are_the_ones_that_are_run() -> None:
    """What the table calls the oldest version is what servers-lowest runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = project["tool"]["tox"]["env"]["servers-lowest"]["deps"]

    versions = dict(pin.split("==") for pin in pins)
    assert {name: versions[name] for name in OLDEST} == OLDEST
