"""Views that use what the lifespans yield."""

from django.http import HttpRequest, JsonResponse

from open_telemetry.lifespans import prices, search


async def find(request: HttpRequest, start: str) -> JsonResponse:
    """Find what begins with *start*."""
    return JsonResponse({"found": search.get().get(start)})


async def send(request: HttpRequest, price: str) -> JsonResponse:
    """Send *price* to what reads prices."""
    prices.get().put_nowait(price)
    return JsonResponse({"sent": price})
