"""Where a page tells how long something takes, the code has that time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lifespan_registry import conf
from lifespan_registry._core import conductor, telling, watch
from tests.docs.pages import DOCS

WORDS = {"a": 1.0, "one": 1.0, "five": 5.0}
TOLD = (
    (
        DOCS / "reference/lifespans.md",
        r"`startup_timeout` .* from the settings, (\w+) ",
        "STARTUP_TIMEOUT",
    ),
    (
        DOCS / "reference/lifespans.md",
        r"`shutdown_timeout` .* from the settings, (\w+) ",
        "SHUTDOWN_TIMEOUT",
    ),
    (
        DOCS / "how-to/servers.md",
        r"`STARTUP_TIMEOUT` .*it is (\w+) ",
        "STARTUP_TIMEOUT",
    ),
    (
        DOCS / "how-to/from-django-asgi-lifespan.md",
        r"limits\): (\w+) s and \w+ s unless set",
        "STARTUP_TIMEOUT",
    ),
    (
        DOCS / "how-to/from-django-asgi-lifespan.md",
        r"limits\): \w+ s and (\w+) s unless set",
        "SHUTDOWN_TIMEOUT",
    ),
    (
        DOCS / "examples/slow_model/README.md",
        r"A lifespan has (\w+) seconds for its start",
        "STARTUP_TIMEOUT",
    ),
    (
        DOCS / "reference/lifespans.md",
        r"Every (\w+) seconds a slow start or stop",
        watch.REPORT_EVERY,
    ),
    (DOCS / "how-to/django.md", r"waits for, every (\w+) seconds", watch.REPORT_EVERY),
    (
        DOCS / "reference/lifespans.md",
        r"has not ended (\w+) second later",
        conductor.GRACE,
    ),
    (
        DOCS / "how-to/deployment.md",
        r"lifespans: `SHUTDOWN_TIMEOUT` and (\w+) second more",
        conductor.GRACE,
    ),
    (
        DOCS / "how-to/deployment.md",
        r"receivers of .*`SHUTDOWN_TIMEOUT` and (\w+) second more",
        telling.GRACE,
    ),
    (
        DOCS / "how-to/django.md",
        r"`SHUTDOWN_TIMEOUT` at most.* gets (\w+) second more",
        telling.GRACE,
    ),
)


@pytest.mark.parametrize(("page", "words", "value"), TOLD)
def test_times_in_sentences(page: Path, words: str, value: float | str) -> None:
    """Where a sentence tells a time, it is that of the code."""
    text = " ".join(page.read_text(encoding="utf-8").split())
    found = re.findall(words.replace(".*", ".{0,120}?"), text)
    seconds = getattr(conf.Settings(), value) if isinstance(value, str) else value

    assert [WORDS[one] if one in WORDS else float(one) for one in found] == [seconds]
