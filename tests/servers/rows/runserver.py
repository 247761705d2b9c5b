"""``manage.py runserver``, on Uvicorn and on Django's own server."""

from __future__ import annotations

import functools

from tests.servers.rows.row import Recycling, Row, Start

APP = "lifespan_registry.runserver"

environment = {"PROJECT_APPS": f"{APP} django.contrib.staticfiles"}
uvicorn = functools.partial(
    Row,
    environment=environment,
    packages=("uvicorn",),
    start=Start.APP,
    gives_up_start=True,
    remarks=f'With `"{APP}"` in `INSTALLED_APPS`.',
)
wsgi = functools.partial(
    Row,
    environment={**environment, "PROJECT_WITHOUT": "uvicorn"},
    packages=("django",),
    start=Start.LOOP,
    gives_up_start=True,
    has_scope=False,
    has_websockets=False,
    drains=False,
    remarks=f'With `"{APP}"` in `INSTALLED_APPS`, where Uvicorn is not installed.',
)
command = ("tests.servers.project.manage", "runserver", "127.0.0.1:{port}")

ROWS = (
    uvicorn(
        slug="runserver",
        title="`manage.py runserver` with Uvicorn",
        command=command,
        recycling={Recycling.EDIT: ()},
        on_failed_start=(),
    ),
    uvicorn(
        slug="runserver-noreload",
        title="`manage.py runserver --noreload` with Uvicorn",
        command=(*command, "--noreload"),
    ),
    wsgi(
        slug="runserver-wsgi",
        title="`manage.py runserver` without Uvicorn",
        command=command,
        recycling={Recycling.EDIT: ()},
        on_failed_start=(),
    ),
    wsgi(
        slug="runserver-wsgi-noreload",
        title="`manage.py runserver --noreload` without Uvicorn",
        command=(*command, "--noreload"),
    ),
)
