"""A real browser, and a project with users that a real server serves to it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.site import Site, site
from tests.services import give_up, installed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["installed"]


@pytest.fixture(name="browser", scope="module")
def _browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium, without a window."""
    if importlib.util.find_spec("playwright") is None:
        give_up(request, "playwright")
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or give_up(request, "chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(name="page")
def _page(browser: Browser, served: object) -> Iterator[Page]:
    """An empty page; what goes wrong in it fails the test.

    It is closed before the server that is *served*, which it may ask at any time.
    """
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    yield page
    context.close()
    assert wrong == []


@pytest.fixture(name="served")
def _served(tmp_path: Path) -> Iterator[Any]:
    """What serves a project with these lifespans and settings, until the end."""
    with ExitStack() as stack:

        def serve(lifespans: str, **options: Any) -> Site:
            return stack.enter_context(site(tmp_path, lifespans, **options))

        yield serve
