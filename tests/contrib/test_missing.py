"""Without the package that it is for, a module says how to install it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PACKAGES = ()

CODE = """\
import sys
sys.modules["{package}"] = None
import lifespan_registry.contrib.{package}
"""


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("celery", "Celery"),
        ("debug_toolbar", "django-debug-toolbar"),
        ("taskiq", "taskiq"),
    ],
)
def test_missing(package: str, name: str) -> None:
    """Its import fails with what is to be typed."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE.format(package=package)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    extra = package.replace("_", "-")
    assert result.stderr.endswith(
        f"\nImportError: {name} is not installed: "
        f'pip install "lifespan-registry[{extra}]"\n'
    )
