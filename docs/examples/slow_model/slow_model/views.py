"""Views that ask a model without holding up the event loop."""

import asyncio

from django.http import HttpRequest, JsonResponse

from slow_model.lifespans import functions, modules


async def index(request: HttpRequest) -> JsonResponse:
    """Answer at once, whatever the models do."""
    return JsonResponse(
        {"thinking": functions.get().is_thinking or modules.get().is_thinking}
    )


async def complete(request: HttpRequest, start: str) -> JsonResponse:
    """Ask both models at the same time, each in a thread."""
    function, module = await asyncio.gather(
        asyncio.to_thread(functions.get().complete, start),
        asyncio.to_thread(modules.get().complete, start),
    )
    return JsonResponse({"function": function, "module": module})


def complete_sync(request: HttpRequest, start: str) -> JsonResponse:
    """Ask both in a sync view, which is in a thread as it is."""
    return JsonResponse(
        {
            "function": functions.get().complete(start),
            "module": modules.get().complete(start),
        }
    )
