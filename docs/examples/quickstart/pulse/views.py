"""Three ways to what the lifespans have yielded."""

import os

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from pulse.lifespans import probe, visits, words
from pulse.server import DOCS, name, started, ways
from pulse.table import rows


async def index(request: HttpRequest) -> HttpResponse:
    """Show the counter, the heartbeat and the lifespans."""
    counter = visits.get()  # typed: a Visits
    number = await counter.add()
    context = {
        "number": number,
        "ever": await counter.ever(),
        "object": hex(id(counter)),
        "pid": os.getpid(),
        "probe": probe.get(),
        "beats_ever": await probe.get().ever(),
        "word": words.get().invent(),
        "rows": rows(),
    }
    return render(request, "pulse/index.html", context)


async def state(request: HttpRequest) -> JsonResponse:
    """Tell the same to a program."""
    counter = request.state.visits  # by the middleware; request.state["visits"] too
    return JsonResponse(
        {
            "visits": await counter.add(),
            "visits_ever": await counter.ever(),
            "object": hex(id(counter)),
            "pid": os.getpid(),
            # Under ASGI request.scope["state"]["probe"] too, as in any ASGI framework.
            "beats": request.state["probe"].beats,
            "lifespans": {row.name: row.status for row in rows()},
        },
        json_dumps_params={"indent": 2},
    )


def word(request: HttpRequest) -> HttpResponse:
    """Invent a word in a sync view, which runs in a thread."""
    return HttpResponse(words.get().invent() + "\n", content_type="text/plain")


async def alive(request: HttpRequest) -> HttpResponse:
    """Answer the probe."""
    return HttpResponse(status=204)


async def server(request: HttpRequest) -> HttpResponse:
    """Show which server this is, and what works on it."""
    this = name(request)
    context = {
        "name": this,
        "started": started(request),
        "state": sorted(request.state),
        "object": hex(id(visits.get())),
        "pid": os.getpid(),
        "parent": os.getppid(),
        "ways": ways(this),
        "docs": DOCS + "reference/servers.md",
    }
    return render(request, "pulse/server.html", context)
