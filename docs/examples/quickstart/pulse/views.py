"""Three ways to what the lifespans have yielded."""

import os

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from pulse.lifespans import probe, visits, words
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
            "beats": request.scope["state"]["probe"].beats,  # as in any ASGI framework
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
