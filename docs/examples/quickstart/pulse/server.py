"""Which server this is, and what works on it."""

import asyncio
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

from lifespan_registry.servers import known

DOCS = "https://github.com/lifespan-registry/lifespan-registry/blob/main/docs/"


class Fact(NamedTuple):
    """One cell of the table in the documentation, with the heading of its column."""

    what: str
    is_so: str


class Way(NamedTuple):
    """One way to start a server: a row of the table."""

    title: str
    facts: list[Fact]
    is_nearest: bool
    """Whether none of the others is nearer to how this one was started."""


def name(request: HttpRequest) -> str:
    """Return the name and the version of the server."""
    server = known.current_server()
    # Under WSGI an async view is on the event loop of the lifespans, away from the
    # server, which has given its name to the request.
    return request.META.get("SERVER_SOFTWARE") or str(server)


def started(request: HttpRequest) -> str:
    """Say who has started the lifespans."""
    if not hasattr(request, "scope"):
        return "in a thread of its own with an event loop, for WSGI has none"
    tasks = [task.get_name() for task in asyncio.all_tasks()]
    if not any(task.startswith("lifespan of ") for task in tasks):
        return "by the server, with the lifespan protocol"
    if "runserver" in sys.argv or known.current_server() is known.DAPHNE:
        return "by an app of the library, before the server served"
    return "by the first request: the server has sent no lifespan"


def ways(server: str) -> Iterator[Way]:
    """Read from the documentation what the tests have found about this *server*.

    Yields each way to start it.
    """
    if not settings.SERVERS_PAGE.exists():
        return
    page = settings.SERVERS_PAGE.read_text(encoding="utf-8").replace("`", "")
    table = page.partition("<!-- table: begin -->")[2].partition("<!-- table: end -->")
    lines = table[0].split("\n")[1:-1]
    head, _, *rows = [line.strip("| ").split(" | ") for line in lines]
    command = re.split(r"\W", server.lower())[0]
    if "runserver" in sys.argv:
        command = "manage.py runserver"
    rows = [row for row in rows if row[0].startswith(command)]
    titles = [row[0] for row in rows]
    nearest = max(titles, key=lambda title: nearness(title, server), default="")
    for title, *cells in rows:
        facts = zip(head[1:], cells, strict=True)
        yield Way(
            title,
            [Fact(what, cell) for what, cell in facts if cell != "-"],
            title == nearest,
        )


def nearness(title: str, server: str) -> tuple[int, bool]:
    """Tell how near the command in *title* is to what was typed to start *server*.

    All of its options have to be there, the more the nearer; then its remark counts.
    """
    command, _, remark = title.partition(" with")
    options = command.split()[1:]
    typed = " ".join(sys.argv[1:]).replace("=", " ").split()
    has_all = all(option in typed for option in options)
    uvicorn = " Uvicorn" if server.startswith("Uvicorn") else "out Uvicorn"
    return len(options) if has_all else -1, remark in (" our app", uvicorn)
