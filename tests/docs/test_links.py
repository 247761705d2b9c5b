"""Links within the documentation lead to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, title

LINK = re.compile(r"\]\(((?!https?:)[^)#]*)(?:#([^)]+))?\)")
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
