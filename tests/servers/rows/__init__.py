"""The servers that are promised, one row for each way to start one."""

from __future__ import annotations

from tests.servers.rows import (
    daphne,
    granian,
    gunicorn,
    gunicorn_wsgi,
    hypercorn,
    hypercorn_guard,
    off,
    runserver,
    uvicorn,
)
from tests.servers.rows.row import Row

ROWS: tuple[Row, ...] = (
    *uvicorn.ROWS,
    *gunicorn.ROWS,
    *gunicorn_wsgi.ROWS,
    *granian.ROWS,
    *hypercorn.ROWS,
    *hypercorn_guard.ROWS,
    *daphne.ROWS,
    *runserver.ROWS,
    *off.ROWS,
)

FIRST: tuple[Row, ...] = tuple({row.packages: row for row in reversed(ROWS)}.values())
"""One way to start each server: enough where not all are asked for."""
