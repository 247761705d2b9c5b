"""The tools that read what is drawn."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services import give_up

Tool = Callable[..., str]


def tool(request: pytest.FixtureRequest, command: str) -> Tool:
    """Return what runs *command* and gives its output."""
    path = shutil.which(command) or give_up(request, command)

    def run(*arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [path, *arguments],
            input=text,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(name="dot")
def _dot(request: pytest.FixtureRequest) -> Tool:
    """Graphviz."""
    return tool(request, "dot")


@pytest.fixture(name="browser")
def _browser(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path], str]:
    """Opens a page, and gives it back as it is when its scripts have run."""
    run = tool(request, "chromium")
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--force-color-profile=srgb",
    )

    def opened(page: Path) -> str:
        return run(
            *options,
            "--virtual-time-budget=60000",
            f"--user-data-dir={tmp_path / 'browser'}",
            "--dump-dom",
            page.as_uri(),
        )

    return opened


@pytest.fixture(name="mermaid_js")
def _mermaid_js(request: pytest.FixtureRequest) -> Path:
    """The Mermaid that ``npm install --global mermaid`` has put there."""
    folder = Path(tool(request, "npm")("root", "--global").strip())
    file = folder / "mermaid" / "dist" / "mermaid.min.js"
    return file if file.is_file() else give_up(request, "mermaid")
