"""Granian."""

from __future__ import annotations

import functools

from tests.servers.rows.row import APPLICATION, Recycling, Row

WORKERS_FIRST = (0, 1)
"""A worker that has ended before the parent hears of Ctrl-C is a failure to it."""

granian = functools.partial(
    Row,
    packages=("granian", "watchfiles"),
    recycling={Recycling.HUP: (), Recycling.EDIT: ("--reload",)},
    on_failed_start=(1,),
    on_interrupt=WORKERS_FIRST,
)
command = ("granian", "--interface=asgi", "--port={port}", APPLICATION)

ROWS = (
    granian(slug="granian", title="`granian --interface asgi`", command=command),
    granian(
        slug="granian-two-workers",
        title="`granian --interface asgi --workers 2`",
        command=("granian", "--workers=2", *command[1:]),
        workers=2,
    ),
)
