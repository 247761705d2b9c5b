"""The site that Sphinx has made of the pages: ``tox run -e docs``."""

from __future__ import annotations

import importlib
import re
import zlib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.project import ROOT

SITE = ROOT / "build" / "docs"

PUBLIC = (
    "lifespan_registry",
    "lifespan_registry.asgi",
    "lifespan_registry.contrib.celery",
    "lifespan_registry.contrib.debug_toolbar",
    "lifespan_registry.contrib.taskiq",
    "lifespan_registry.exceptions",
    "lifespan_registry.health",
    "lifespan_registry.management.base",
    "lifespan_registry.middleware",
    "lifespan_registry.mounting",
    "lifespan_registry.signals",
    "lifespan_registry.testing",
    "lifespan_registry.wsgi",
)
WITHOUT_ALL = {
    "lifespan_registry.contrib.celery": ["start_with_worker"],
    "lifespan_registry.contrib.debug_toolbar": ["LifespansPanel"],
    "lifespan_registry.contrib.taskiq": ["start_with_worker"],
    "lifespan_registry.management.base": ["LifespanCommand"],
    "lifespan_registry.middleware": ["LifespanStateMiddleware"],
}


@pytest.fixture(autouse=True)
def _is_made(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--all-servers"):
        pytest.skip("tox run -e docs makes the site and looks at it")


class Page(HTMLParser):
    """One page: where its links lead, what it loads, which anchors it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what *tag* says."""
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        if tag == "a":
            self.links.append(given.get("href") or "")
        elif tag in ("img", "link", "script") and given.get("rel") != "canonical":
            self.loads.append(given.get("src") or given.get("href") or "")


@cache
def page(path: Path) -> Page:
    """Read the page at *path*."""
    return Page(path)


def pages() -> list[Path]:
    """Return the files of all pages."""
    found = sorted(SITE.rglob("*.html"))
    assert found, "the site has not been made"
    return found


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    """Each public name is on the site, under the module that it is imported from."""
    inventory = (SITE / "objects.inv").read_bytes().split(b"\n", 4)[4]
    names = {
        line.split()[0]
        for line in zlib.decompress(inventory).decode().split("\n")
        if line
    }
    exported = getattr(importlib.import_module(module), "__all__", None)
    public = exported or WITHOUT_ALL[module]

    assert [name for name in public if f"{module}.{name}" not in names] == []


def test_every_module_with_public_names_is_known() -> None:
    """No module exports names that are not looked for here."""
    package = ROOT / "lifespan_registry"
    exporting = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in package.rglob("*.py")
        if re.search(r"^__all__", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    # Its views are found by their addresses.
    assert exporting - {*PUBLIC} == {"lifespan_registry.views"}


def test_links_within_the_site() -> None:
    """Every link leads to a file of the site and, where it names one, to an anchor."""
    broken: list[tuple[str, str]] = []
    for path in pages():
        for link in page(path).links:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = path.parent / unquote(parts.path) if parts.path else path
            if not target.is_file() or (
                parts.fragment
                and target.suffix == ".html"
                and unquote(parts.fragment) not in page(target.resolve()).anchors
            ):
                broken.append((str(path.relative_to(SITE)), link))
    assert broken == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    """The site works without the internet."""
    loaded = {one for path in pages() for one in page(path).loads}
    styles = "".join(
        style.read_text(encoding="utf-8") for style in (SITE / "_static").rglob("*.css")
    )

    assert [one for one in loaded if urlsplit(one).netloc] == []
    assert (
        re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)|@import[^;]*//[^;]*", styles)
        == []
    )


def test_no_path_of_this_machine() -> None:
    """The pages name no folder in which they were made."""
    naming = [path for path in pages() if str(ROOT) in path.read_text(encoding="utf-8")]
    assert naming == []
