"""Links within the documentation lead to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, title

LINK = re.compile(r"\]\(((?!https?:)[^)#]*)(?:#([^)]+))?\)")
ADDRESS = re.compile(r"(?:https?|ftp):[^\s)>`\"]+")
PROPER = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w./#?=&%~+-]*)?")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of *page*, by the rule of GitHub."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def broken_links(page: Path) -> list[tuple[str, str]]:
    """Return the relative links in *page* whose file or heading is missing."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [
        (page.parent / file if file else page, anchor)
        for file, anchor in LINK.findall(text)
    ]
    return [
        (str(target), anchor)
        for target, anchor in targets
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_links(page: Path) -> None:
    """Every relative link leads to a file, and its anchor to a heading in it."""
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_addresses(page: Path) -> None:
    """Every address elsewhere has the form of one. (The tox env linkcheck fetches.)"""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    found = [one for one in ADDRESS.findall(text) if "//127.0.0.1" not in one]
    assert [one for one in found if not PROPER.fullmatch(one)] == []
