"""Servers that have been told to send no lifespan, and Daphne, which never does."""

from __future__ import annotations

import functools

from tests.servers.rows.granian import WORKERS_FIRST
from tests.servers.rows.row import APPLICATION, TERMINATED, Recycling, Row, Start

off = functools.partial(Row, start=Start.FIRST_REQUEST, on_failed_start=())

UVICORN = off(
    slug="uvicorn-off",
    title="`uvicorn --lifespan off`",
    packages=("uvicorn",),
    command=("uvicorn", APPLICATION, "--port={port}", "--lifespan=off"),
    on_term=TERMINATED,
    on_hung_stop=(TERMINATED,),
)
UVICORN_WORKER = off(
    slug="gunicorn-uvicorn-worker-off",
    title='`gunicorn` with a `UvicornWorker`, `CONFIG_KWARGS = {"lifespan": "off"}`',
    packages=("gunicorn", "uvicorn", "uvicorn-worker"),
    command=(
        *("gunicorn", APPLICATION, "--bind=127.0.0.1:{port}"),
        "--worker-class=tests.servers.project.workers.WithoutLifespan",
    ),
    recycling={Recycling.HUP: (), Recycling.MAX_REQUESTS: ("--max-requests=20",)},
)
GUNICORN = off(
    slug="gunicorn-asgi-off",
    title="`gunicorn -k asgi --asgi-lifespan off`",
    packages=("gunicorn",),
    newer={"gunicorn": "27.0.0"},
    command=(
        *("gunicorn", APPLICATION, "--bind=127.0.0.1:{port}"),
        *("--worker-class=asgi", "--asgi-lifespan=off"),
    ),
    recycling={
        Recycling.HUP: (),
        Recycling.MAX_REQUESTS: ("--max-requests=20",),
        Recycling.EDIT: ("--reload",),
    },
)
GRANIAN = off(
    slug="granian-asginl",
    title="`granian --interface asginl`",
    packages=("granian",),
    command=("granian", "--interface=asginl", "--port={port}", APPLICATION),
    on_interrupt=WORKERS_FIRST,
    recycling={Recycling.HUP: (), Recycling.EDIT: ("--reload",)},
)
DAPHNE = off(
    slug="daphne-without-app",
    title="`daphne` without the app",
    packages=("daphne",),
    command=("daphne", "--port={port}", APPLICATION),
    drains=False,
)

ROWS = (UVICORN, UVICORN_WORKER, GUNICORN, GRANIAN, DAPHNE)
