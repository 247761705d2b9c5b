"""The tables that the scripts write into ``docs/reference/benchmarks.md``."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

MISSING = "not installed"


class Machine:
    """What is measured on, and with what: the *packages* beside Python.

    Its `str` is the sentence above a table; the load is that when it was made, and
    that when it is written.
    """

    def __init__(self, *packages: str) -> None:
        self._packages = packages
        self._load = os.getloadavg()[0]

    def __str__(self) -> str:
        return (
            f"{os.cpu_count()} shared cores, {platform.system()}, "
            f"{platform.python_implementation()} {platform.python_version()}, load "
            f"average {self._load:.1f} before and {os.getloadavg()[0]:.1f} after; "
            + ", ".join(f"{name} {_version(name)}" for name in self._packages)
            + "."
        )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def rows(text: str) -> list[list[str]]:
    """Return the cells of the lines of the table in *text*, without its rule."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [lines[0], *lines[2:]]


def part(page: str, name: str) -> str:
    """Return what stands between the marks *name* of *page*."""
    return _found(page, name)[0]


def renewed(page: str, name: str, lines: Iterable[str]) -> str:
    """Return *page* with *lines* between the marks *name*."""
    found = _found(page, name)
    return page[: found.start()] + "\n".join((*lines, "")) + page[found.end() :]


def _found(page: str, name: str) -> re.Match[str]:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    found = re.search(f"(?<={begin}).*(?={end})", page, flags=re.DOTALL)
    assert found, f"the page has no place for the table {name}"
    return found
