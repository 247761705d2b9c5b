"""What task workers need beside themselves."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers.ports import free_port
from tests.servers.process import WITHIN


def _give_up(request: pytest.FixtureRequest, what: str) -> NoReturn:
    """Skip what cannot be run; with ``--all-servers`` that is a failure."""
    is_strict = request.config.getoption("--all-servers")
    (pytest.fail if is_strict else pytest.skip)(f"{what} is not installed")


@pytest.fixture(autouse=True, scope="module")
def _installed(request: pytest.FixtureRequest) -> None:
    """A module of tests says in `PACKAGES` which ones it needs."""
    for package in request.module.PACKAGES:
        if importlib.util.find_spec(package) is None:
            _give_up(request, package)


@pytest.fixture(name="redis", scope="session")
def _redis(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a Redis of our own."""
    command = shutil.which("redis-server") or _give_up(request, "redis-server")
    port = free_port()
    arguments = ("--port", str(port), "--bind", "127.0.0.1", "--save", "")
    folder: Path = tmp_path_factory.mktemp("redis")
    with subprocess.Popen(
        [command, *arguments], cwd=folder, stdout=subprocess.DEVNULL
    ) as server:
        deadline = time.monotonic() + WITHIN
        while not _listens(port):
            assert server.poll() is None, "redis-server has ended"
            assert time.monotonic() < deadline, "redis-server does not listen"
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
