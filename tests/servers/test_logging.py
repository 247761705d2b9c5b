"""Whatever a project says in LOGGING, a failed start is in the log."""

from __future__ import annotations

import re
from pathlib import Path

from tests.project import shop

SETTINGS = """\
LOGGING = {
    "version": 1,
    "handlers": {"c": {"class": "logging.StreamHandler"}},
    "root": {"level": "INFO", "handlers": ["c"]},
}
"""

# The wrapper is imported before Django reads LOGGING, which by default silences every
# logger that exists already.
ASGI = """\
from lifespan_registry.asgi import LifespanApplication

from django.core.asgi import get_asgi_application

application = LifespanApplication(get_asgi_application())
"""

LIFESPANS = """\
from lifespan_registry import on_lifespan


def connect():
    raise ConnectionError("no route to host")


@on_lifespan
async def db():
    yield


@on_lifespan
async def search(db):
    yield connect()
"""

TOLD = """\
started db in N s
stopped db in N s
1 lifespan failed to start:
    'search' (shop/lifespans.py:13): ConnectionError: no route to host
"""


def test_failed_start_is_logged(tmp_path: Path) -> None:
    """The logger of the package is heard, though LOGGING has silenced it."""
    project = shop(
        tmp_path, {"asgi.py": ASGI, "shop/lifespans.py": LIFESPANS}, SETTINGS
    )

    result = project.python(
        "-m", "uvicorn", "asgi:application", "--port=0", "--ws=none"
    )

    told, plus, trace = result.stderr.partition("  + Exception Group Traceback")
    assert result.returncode == 3
    assert re.sub(r"\d\.\d{3} s", "N s", told) == TOLD
    assert plus
    assert f'File "{tmp_path}/shop/lifespans.py", line 15, in search' in trace
    assert f'File "{tmp_path}/shop/lifespans.py", line 5, in connect' in trace
    assert trace.count("Traceback (most recent call last)") == 1
