"""The panel of django-debug-toolbar, with the real one in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.browser.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

PACKAGES = ("debug_toolbar", "playwright")

SHOP = """\
from lifespan_registry import on_lifespan

@on_lifespan
async def db():
    yield "db"

@on_lifespan(name="<b>search</b>")
async def search(db):
    yield "search"
"""

SETTINGS = """
from debug_toolbar.settings import PANELS_DEFAULTS

INTERNAL_IPS = ["127.0.0.1"]
INSTALLED_APPS += ["debug_toolbar"]
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware", *MIDDLEWARE]
DEBUG_TOOLBAR_PANELS = [
    *PANELS_DEFAULTS,
    "lifespan_registry.contrib.debug_toolbar.LifespansPanel",
]
"""

URLS = """
from debug_toolbar.toolbar import debug_toolbar_urls

urlpatterns += debug_toolbar_urls()
"""


def test_panel(page: Page, served: Callable[..., Site]) -> None:
    """It says in short how many have started, and shows what the page shows."""
    site = served(SHOP, settings=SETTINGS, urls=URLS)
    page.goto(f"{site.address}/page/")
    panel = page.locator("#djdt-LifespansPanel")
    page.evaluate("document.cookie = 'djdt=show'")
    page.reload()
    assert "all 2 lifespans have started" in panel.inner_text()

    panel.locator("a").click()

    shown = page.locator("#LifespansPanel .lifespans-status")
    shown.wait_for()
    assert shown.locator("svg").count() == 2
    assert "served by Uvicorn" in shown.inner_text()
    assert "<b>search</b>" in shown.locator("table").inner_text()


def test_toolbar_beside_the_page(page: Page, served: Callable[..., Site]) -> None:
    """The policy of the status page lets the toolbar work on it, too."""
    site = served(SHOP, settings=SETTINGS, urls=URLS)
    page.goto(f"{site.address}/status/")
    assert page.inner_text(".whole") == "all 2 lifespans have started"
    page.locator("#djDebug").wait_for(state="attached")
