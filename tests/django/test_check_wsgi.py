"""The check of ``WSGI_APPLICATION``, where the settings name no other one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import shop

DJANGOS = """\
from django.core.{kind} import get_{kind}_application

application = get_{kind}_application()
"""
WRAPPED = """\
from lifespan_registry.{kind} import get_{kind}_application

application = get_{kind}_application()
"""

WARNING = (
    "?: (lifespan_registry.W003) WSGI_APPLICATION (shop.wsgi.application) is not "
    "wrapped in LifespanWSGIApplication, and there is no ASGI_APPLICATION: the "
    "settings name nothing that starts a lifespan.\n"
    "\tHINT: Under ASGI, name the wrapped application, as in ASGI_APPLICATION = "
    "'mysite.asgi.application'. Under WSGI, in wsgi.py: from lifespan_registry.wsgi "
    "import get_wsgi_application\n"
)


def check(folder: Path, files: dict[str, str], settings: str = "") -> str:
    """Return what ``manage.py check`` says of a project with *files*."""
    settings += 'WSGI_APPLICATION = "shop.wsgi.application"\n'
    project = shop(folder, files, settings)
    return project.manage("check", "--tag", "lifespans").stderr


@pytest.mark.parametrize(
    "files",
    [
        {"shop/wsgi.py": DJANGOS.format(kind="wsgi")},
        {
            "shop/wsgi.py": DJANGOS.format(kind="wsgi"),
            "shop/asgi.py": DJANGOS.format(kind="asgi"),
        },
    ],
)
def test_w003_nothing_is_wrapped(tmp_path: Path, files: dict[str, str]) -> None:
    """W003: neither ``wsgi.py`` nor what stands beside it starts a lifespan."""
    assert WARNING in check(tmp_path, files)


@pytest.mark.parametrize(
    "files",
    [
        {"shop/wsgi.py": WRAPPED.format(kind="wsgi")},
        {
            "shop/wsgi.py": DJANGOS.format(kind="wsgi"),
            "shop/asgi.py": WRAPPED.format(kind="asgi"),
        },
        {"shop/wsgi.py": "1 / 0\n"},
    ],
)
def test_nothing_is_wrong(tmp_path: Path, files: dict[str, str]) -> None:
    """One of the two is wrapped, or tells Django itself what is wrong with it."""
    assert check(tmp_path, files) == ""


def test_asgi_application_is_named(tmp_path: Path) -> None:
    """Where the settings name an ASGI application, the other one does not matter."""
    files = {
        "shop/wsgi.py": DJANGOS.format(kind="wsgi"),
        "asgi.py": WRAPPED.format(kind="asgi"),
    }
    assert check(tmp_path, files, "ASGI_APPLICATION = 'asgi.application'\n") == ""
