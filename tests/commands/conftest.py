"""A project with two lifespans that say what they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.shop import LIFESPANS
from tests.project import Project, shop


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Project:
    """A project with ``db`` and ``search``, which needs it, and no command yet."""
    return shop(tmp_path, {"shop/lifespans.py": LIFESPANS})
