"""Ports for the servers that tests start."""

from __future__ import annotations

import itertools
import os
import socket

# Below the ports that Linux (from 32768) and macOS (from 49152) give to clients: else
# the connection of another test could sit on the port of a server that is to start.
LOWEST, HIGHEST = 20_000, 32_000

# Workers of pytest-xdist take turns; runs that have nothing to do with one another
# begin in different places.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_run = int.from_bytes(os.environ.get("PYTEST_XDIST_TESTRUNUID", "").encode()[:4])
_numbers = itertools.count(
    ((_run or os.getpid()) * 64 + 1) * _workers + _worker, _workers
)


def free_port() -> int:
    """Return a port on which nobody listens, and which no other test has had."""
    ports = (LOWEST + number % (HIGHEST - LOWEST) for number in _numbers)
    return next(filter(is_free, ports))


def is_free(port: int) -> bool:
    """Tell whether a server could listen on *port*."""
    with socket.socket() as probe:
        # A connection that is closed, and not yet forgotten, is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
