"""Gunicorn with its workers for WSGI, with the hooks of the package and without."""

from __future__ import annotations

import functools

from tests.servers.rows.gunicorn import FAILED_TOGETHER
from tests.servers.rows.row import Recycling, Row, Start

command = (
    "gunicorn",
    "tests.servers.project.wsgi:application",
    "--bind=127.0.0.1:{port}",
)
hooked = (*command, "--config=python:lifespan_registry.wsgi")
gthread = ("--worker-class=gthread", "--threads=4")

recycling = {
    Recycling.HUP: (),
    Recycling.MAX_REQUESTS: ("--max-requests=20",),
    Recycling.EDIT: ("--reload",),
}

wsgi = functools.partial(
    Row,
    packages=("gunicorn",),
    start=Start.LOOP,
    has_scope=False,
    has_websockets=False,
)

ROWS = (
    wsgi(
        slug="gunicorn-sync",
        title="`gunicorn -c python:lifespan_registry.wsgi`",
        command=hooked,
        recycling=recycling,
    ),
    wsgi(
        slug="gunicorn-sync-two-workers",
        title="`gunicorn -c python:lifespan_registry.wsgi --workers 2`",
        command=(*hooked, "--workers=2"),
        workers=2,
        on_failed_start=FAILED_TOGETHER,
        recycling=recycling,
    ),
    wsgi(
        slug="gunicorn-sync-preload",
        title="`gunicorn -c python:lifespan_registry.wsgi --preload`",
        command=(*hooked, "--preload"),
        recycling={
            Recycling.HUP: (),
            Recycling.MAX_REQUESTS: ("--max-requests=20",),
        },
    ),
    wsgi(
        slug="gunicorn-gthread",
        title="`gunicorn -c python:lifespan_registry.wsgi -k gthread`",
        command=(*hooked, *gthread),
        recycling=recycling,
    ),
    wsgi(
        slug="gunicorn-sync-without-hooks",
        title="`gunicorn` with WSGI, without the hooks",
        command=command,
        start=Start.FIRST_REQUEST,
        on_failed_start=(),
        recycling=recycling,
    ),
)
