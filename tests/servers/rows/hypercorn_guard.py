"""Hypercorn with several workers, and the app that guards them."""

from __future__ import annotations

from tests.servers.rows.hypercorn import FAILED_TOGETHER
from tests.servers.rows.row import APPLICATION, Recycling, Row

ROWS = (
    Row(
        slug="hypercorn-guarded",
        title="`hypercorn -w 2` with our app",
        packages=("hypercorn",),
        command=("hypercorn", APPLICATION, "--bind=127.0.0.1:{port}", "--workers=2"),
        environment={
            "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings_hypercorn"
        },
        workers=2,
        recycling={
            Recycling.HUP: (),
            Recycling.MAX_REQUESTS: ("--max-requests=20",),
            Recycling.EDIT: ("--reload",),
        },
        on_failed_start=FAILED_TOGETHER,
        on_hung_stop=FAILED_TOGETHER,
        remarks='With `"lifespan_registry.servers.hypercorn"` in `INSTALLED_APPS` '
        "every worker finishes.",
    ),
)
