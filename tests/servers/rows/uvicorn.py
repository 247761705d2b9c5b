"""Uvicorn."""

from __future__ import annotations

import functools

from tests.servers.rows.row import APPLICATION, TERMINATED, Recycling, Row

uvicorn = functools.partial(Row, packages=("uvicorn",))
command = ("uvicorn", APPLICATION, "--port={port}")

ROWS = (
    uvicorn(
        slug="uvicorn",
        title="`uvicorn`",
        command=command,
        on_term=TERMINATED,
        on_hung_stop=(TERMINATED,),
    ),
    uvicorn(
        slug="uvicorn-lifespan-on",
        title="`uvicorn --lifespan on`",
        command=(*command, "--lifespan=on"),
        on_term=TERMINATED,
        on_hung_stop=(TERMINATED,),
    ),
    uvicorn(
        slug="uvicorn-two-workers",
        title="`uvicorn --workers 2`",
        command=(*command, "--workers=2"),
        # By default a new worker has 5 s to be ready: too few on a busy machine.
        environment={"UVICORN_TIMEOUT_WORKER_HEALTHCHECK": "10"},
        workers=2,
        recycling={
            Recycling.HUP: (),
            Recycling.MAX_REQUESTS: ("--limit-max-requests=20",),
        },
        on_failed_start=(0,),
        gives_up_since="0.50",
    ),
    uvicorn(
        slug="uvicorn-reload",
        title="`uvicorn --reload`",
        command=(*command, "--reload"),
        recycling={Recycling.EDIT: ()},
        on_failed_start=(),
    ),
)
