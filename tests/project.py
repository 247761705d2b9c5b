"""A Django project of its own, in a folder of its own, run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[1]

SETTINGS = """\
SECRET_KEY = "tests"
INSTALLED_APPS = ["lifespan_registry", "shop"]
MIDDLEWARE = []
ROOT_URLCONF = "urls"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}
}
"""


class Project:
    """A Django project: the module ``settings``, and one app, ``shop``."""

    def __init__(self, root: Path, settings: str = "settings") -> None:
        self.root = root
        self.settings = settings

    def write(self, files: dict[str, str]) -> None:
        """Write *files*; every folder becomes a package."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
            for folder in path.relative_to(self.root).parents[:-1]:
                (self.root / folder / "__init__.py").touch()

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the project has as its environment."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "DJANGO_COLORS": "nocolor",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "PYTHONPATH": os.pathsep.join((str(self.root), str(ROOT))),
        }

    def python(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run Python there, and wait for its end."""
        return subprocess.run(
            [sys.executable, "-W", "error", *args],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def manage(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        return self.python("-m", "django", *args)


def shop(root: Path, files: dict[str, str], settings: str = "") -> Project:
    """Make a project with *files*; *settings* are lines to add to its own."""
    project = Project(root)
    project.write({"settings.py": SETTINGS + settings, "urls.py": "urlpatterns = []\n"})
    project.write({"shop/__init__.py": "", **files})
    return project
