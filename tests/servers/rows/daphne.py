"""Daphne."""

from __future__ import annotations

import functools

from tests.servers.rows.row import APPLICATION, Recycling, Row, Start

APP = "lifespan_registry.servers.daphne"

daphne = functools.partial(
    Row, packages=("daphne",), start=Start.APP, gives_up_start=True, drains=False
)
runserver = functools.partial(
    daphne,
    environment={"PROJECT_APPS": f"daphne {APP}"},
    remarks=f'With `"{APP}"` and `"daphne"` in `INSTALLED_APPS`.',
)
command = ("django", "runserver", "127.0.0.1:{port}")

ROWS = (
    daphne(
        slug="daphne",
        title="`daphne` with our app",
        command=("daphne", "--port={port}", APPLICATION),
        environment={"PROJECT_APPS": APP},
        remarks=f'With `"{APP}"` in `INSTALLED_APPS`. Daphne cancels the requests in '
        "flight; lifespans are exited after them.",
    ),
    runserver(
        slug="daphne-runserver",
        title="`manage.py runserver` of Daphne with our app",
        command=command,
        recycling={Recycling.EDIT: ()},
        on_failed_start=(),
    ),
    runserver(
        slug="daphne-runserver-noreload",
        title="`manage.py runserver --noreload` of Daphne with our app",
        command=(*command, "--noreload"),
    ),
)
