"""The check of the setting ``ASGI_APPLICATION``: can it be imported, is it wrapped?"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import override_settings

pytestmark = pytest.mark.usefixtures("default")


def said(module: str, folder: Path, name: str) -> list[tuple[str, str]]:
    """Write *module* as *name*, and return what is said of its ``application``."""
    (folder / f"{name}.py").write_text(module)
    with override_settings(ASGI_APPLICATION=f"{name}.application"):
        return [(one.id, one.msg) for one in run_checks(tags=["lifespans"])]


def test_setting(folder: Path) -> None:
    """A wrapped application is passed over in silence, one that is not is W001."""
    start = "from lifespan_registry.asgi import *\n"
    wrapped = start + "application = get_asgi_application()\n"
    plain = start + "application = get_asgi_application().app\n"

    assert said(wrapped, folder, "wrapped_asgi") == []
    assert said(plain, folder, "plain_asgi") == [
        (
            "lifespan_registry.W001",
            (
                "ASGI_APPLICATION (plain_asgi.application) is not wrapped in "
                "LifespanApplication: no lifespan will be started."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("module", "raised"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("None.app", "AttributeError: 'NoneType' object has no attribute 'app'"),
        (
            "app = None",
            "AttributeError: module '{name}' has no attribute 'application'",
        ),
    ],
)
def test_module_that_cannot_be_imported(
    folder: Path, module: str, raised: str, request: pytest.FixtureRequest
) -> None:
    """W002 says what the import raised, whatever it was."""
    name = f"broken_{abs(hash(request.node.name))}"
    assert said(module, folder, name) == [
        (
            "lifespan_registry.W002",
            f"ASGI_APPLICATION is '{name}.application', and its import raised "
            + raised.format(name=name),
        )
    ]


@pytest.mark.parametrize(
    ("path", "raised", "module"),
    [
        ("shop_asgi.application", "No module named 'shop_asgi'", "shop_asgi"),
        ("application", "Empty module name", "mysite.asgi"),
        (7, "Empty module name", "mysite.asgi"),
    ],
)
def test_path_that_leads_nowhere(path: object, raised: str, module: str) -> None:
    """W002 says what the setting takes, and how to get at the traceback."""
    with override_settings(ASGI_APPLICATION=path):
        (warning,) = run_checks(tags=["lifespans"])
    assert warning.id == "lifespan_registry.W002"
    assert warning.msg.startswith(f"ASGI_APPLICATION is {path!r}, and its import ")
    assert warning.msg.endswith(raised)
    assert warning.hint == (
        "It takes the dotted path of the application, as in "
        f"'mysite.asgi.application'. The traceback: python -c 'import {module}'"
    )
