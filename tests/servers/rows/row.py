"""What is promised of one server, started in one way.

The tests assert each of these facts with the real server as a process, and the table in
``docs/reference/servers.md`` is made of them: what is not true here fails there.
"""

from __future__ import annotations

import dataclasses
import enum
import signal
from collections.abc import Mapping


class Start(enum.StrEnum):
    """What starts the lifespans."""

    SERVER = "by the protocol"
    APP = "by an app of this package"
    LOOP = "in a thread, with the worker"
    FIRST_REQUEST = "by the first request"


class Recycling(enum.StrEnum):
    """How old processes, or old lifespans, are replaced by new ones."""

    HUP = "SIGHUP"
    MAX_REQUESTS = "a number of requests"
    EDIT = "an edited file"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One server, started in one way, and what it does.

    Exit codes are those of the process that the user starts; a negative one is the
    signal that ended it.
    """

    slug: str
    """The name in test ids: ``uvicorn-two-workers``."""
    title: str
    """The name in the table, as Markdown: what a user recognises."""
    packages: tuple[str, ...]
    """The distributions without which the row is not run, the server first."""
    newer: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Where this row needs more than `OLDEST`: the oldest version by distribution."""
    command: tuple[str, ...]
    """What follows ``python -m``; ``{port}`` stands for the port."""
    recycling: Mapping[Recycling, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    """The ways to recycle, with the arguments that *command* needs in addition."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Variables beside those of every row."""
    start: Start = Start.SERVER
    workers: int = 1
    has_scope: bool = True
    """Whether there is an ASGI scope; under WSGI there is none."""
    has_websockets: bool = True
    gives_up_start: bool = False
    """Whether SIGTERM gives up a start that hangs; others wait until it is over."""
    drains: bool = True
    """Whether a request in flight at SIGTERM finishes."""
    stops_all_workers: bool = True
    """Whether a signal lets every worker exit its lifespans."""
    on_term: int = 0
    on_interrupt: tuple[int, ...] = (0,)
    """At Ctrl-C, which the whole process group hears; the usual one first."""
    on_failed_start: tuple[int, ...] = (3,)
    """Those that are possible; with none of them, it goes on running."""
    gives_up_since: str = "0"
    """The version of the server before which it starts failing workers anew."""
    on_hung_stop: tuple[int, ...] = (0,)
    remarks: str = ""
    """What the docs say beside the facts, as Markdown."""

    @property
    def oldest(self) -> dict[str, str]:
        """The oldest version of each of its packages that is promised."""
        versions = {**OLDEST, **self.newer}
        return {name: versions[name] for name in self.packages}


OLDEST = {
    "daphne": "4.1.0",
    "django": "5.2",
    "gunicorn": "24.1.1",
    "granian": "2.8.0",
    "hypercorn": "0.18.0",
    "uvicorn": "0.35.0",
    "uvicorn-worker": "0.3.0",
    "watchfiles": "1.0.0",
}
"""The oldest version of each distribution that is promised, and tested."""

APPLICATION = "tests.servers.project.asgi:application"

TERMINATED = -signal.SIGTERM
