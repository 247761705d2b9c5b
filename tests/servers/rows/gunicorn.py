"""Gunicorn, with Uvicorn's worker and with its own."""

from __future__ import annotations

import functools

from tests.servers.rows.row import APPLICATION, Recycling, Row

command = ("gunicorn", APPLICATION, "--bind=127.0.0.1:{port}")
FAILED_TOGETHER = (3, 1)
"""Two workers that fail in the same moment make the master fail as well."""

max_requests = {Recycling.HUP: (), Recycling.MAX_REQUESTS: ("--max-requests=20",)}

uvicorn_worker = functools.partial(
    Row, packages=("gunicorn", "uvicorn", "uvicorn-worker"), recycling=max_requests
)
with_uvicorn_worker = (*command, "--worker-class=uvicorn_worker.UvicornWorker")

asgi = functools.partial(
    Row,
    packages=("gunicorn",),
    newer={"gunicorn": "27.0.0"},
    recycling={**max_requests, Recycling.EDIT: ("--reload",)},
)
with_asgi = (*command, "--worker-class=asgi")

ROWS = (
    uvicorn_worker(
        slug="gunicorn-uvicorn-worker",
        title="`gunicorn -k uvicorn_worker.UvicornWorker`",
        command=with_uvicorn_worker,
    ),
    uvicorn_worker(
        slug="gunicorn-uvicorn-worker-preload",
        title="`gunicorn -k uvicorn_worker.UvicornWorker --preload`",
        command=(*with_uvicorn_worker, "--preload"),
    ),
    uvicorn_worker(
        slug="gunicorn-uvicorn-worker-two-workers",
        title="`gunicorn -k uvicorn_worker.UvicornWorker --workers 2`",
        command=(*with_uvicorn_worker, "--workers=2"),
        workers=2,
        on_failed_start=FAILED_TOGETHER,
    ),
    asgi(slug="gunicorn-asgi", title="`gunicorn -k asgi`", command=with_asgi),
    asgi(
        slug="gunicorn-asgi-lifespan-on",
        title="`gunicorn -k asgi --asgi-lifespan on`",
        command=(*with_asgi, "--asgi-lifespan=on"),
    ),
    asgi(
        slug="gunicorn-asgi-two-workers",
        title="`gunicorn -k asgi --workers 2`",
        command=(*with_asgi, "--workers=2"),
        workers=2,
        on_failed_start=FAILED_TOGETHER,
    ),
)
