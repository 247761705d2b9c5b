"""What tests need beside Python: packages, a Redis, a PostgreSQL."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers.ports import free_port
from tests.servers.process import WITHIN


def give_up(request: pytest.FixtureRequest, what: str) -> NoReturn:
    """Skip what cannot be run; with ``--all-servers`` that is a failure."""
    is_strict = request.config.getoption("--all-servers")
    (pytest.fail if is_strict else pytest.skip)(f"{what} is not installed")


@pytest.fixture(autouse=True, scope="module")
def installed(request: pytest.FixtureRequest) -> None:
    """A module of tests says in `PACKAGES` which ones it needs."""
    for package in request.module.PACKAGES:
        if importlib.util.find_spec(package) is None:
            give_up(request, package)


@contextlib.contextmanager
def running_redis(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """Run a Redis in *folder*, and yield its address."""
    command = shutil.which("redis-server") or give_up(request, "redis-server")
    port = free_port()
    arguments = ("--port", str(port), "--bind", "127.0.0.1", "--save", "")
    with (
        subprocess.Popen(
            [command, *arguments], cwd=folder, stdout=subprocess.DEVNULL
        ) as server,
        _up(server, lambda: _listens(port)),
    ):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def redis(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a Redis of our own."""
    with running_redis(request, tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database in a PostgreSQL of our own."""
    # Debian keeps the server out of the way of those that only want a client.
    folders = (os.environ["PATH"], *Path("/usr/lib/postgresql").glob("*/bin"))
    command = shutil.which("postgres", path=os.pathsep.join(map(str, folders)))
    programs = Path(command or give_up(request, "postgresql")).resolve().parent
    port = str(free_port())
    # It refuses to serve root. Pytest's own folders are closed to everybody else.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, user or os.geteuid())
        subprocess.run(
            [
                *(programs / "initdb", "--pgdata", folder, "--username=postgres"),
                *("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"),
            ],
            cwd=folder,
            user=user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        at = ("-h", "127.0.0.1", "-p", port)
        ready = [programs / "pg_isready", "-q", *at, "-U", "postgres"]
        with (
            subprocess.Popen(
                [
                    *(programs / "postgres", "-D", folder, *at),
                    *("-F", "-k", "", "-c", "log_min_messages=panic"),
                ],
                cwd=folder,
                user=user,
            ) as server,
            _up(server, lambda: subprocess.call(ready) == 0),
        ):
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def _up(server: subprocess.Popen[bytes], is_up: Callable[[], bool]) -> Iterator[None]:
    """Wait until *server* is up, and stop it in the end."""
    deadline = time.monotonic() + WITHIN
    try:
        while not is_up():
            assert server.poll() is None, f"{server.args} has ended"
            assert time.monotonic() < deadline, f"{server.args} does not listen"
            time.sleep(0.02)
        yield
    finally:
        # At SIGTERM PostgreSQL would wait for its clients to leave.
        server.send_signal(signal.SIGINT)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
