"""Hypercorn."""

from __future__ import annotations

import functools

from tests.servers.rows.row import APPLICATION, Recycling, Row

hypercorn = functools.partial(Row, packages=("hypercorn",))
FAILED_TOGETHER = (0, 1)
"""A second worker that fails while the first is dealt with makes the parent fail."""

command = ("hypercorn", APPLICATION, "--bind=127.0.0.1:{port}")

ROWS = (
    hypercorn(
        slug="hypercorn-no-workers",
        title="`hypercorn -w 0`",
        command=(*command, "--workers=0"),
        on_failed_start=(1,),
        on_hung_stop=(1,),
    ),
    hypercorn(
        slug="hypercorn",
        title="`hypercorn`",
        command=command,
        recycling={
            Recycling.HUP: (),
            Recycling.MAX_REQUESTS: ("--max-requests=20",),
            Recycling.EDIT: ("--reload",),
        },
        on_failed_start=(0,),
    ),
    hypercorn(
        slug="hypercorn-two-workers",
        title="`hypercorn -w 2`",
        command=(*command, "--workers=2"),
        workers=2,
        recycling={Recycling.MAX_REQUESTS: ("--max-requests=20",)},
        drains=False,
        stops_all_workers=False,
        on_failed_start=FAILED_TOGETHER,
        on_hung_stop=FAILED_TOGETHER,
        remarks="The first worker that has stopped ends the others. Use our app.",
    ),
)
