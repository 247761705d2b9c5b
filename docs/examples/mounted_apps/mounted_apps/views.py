"""The views of Django, beside the other two."""

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, JsonResponse
from django.urls import reverse

from mounted_apps.lifespans import prices


async def root(request: ASGIRequest) -> JsonResponse:
    """Tell what is in the state of its requests, and where a price is."""
    return JsonResponse(
        {
            "by": "Django",
            "state": sorted(request.scope["state"]),
            "link": reverse("price", args=["tea"]),
        }
    )


def price(request: HttpRequest, name: str) -> JsonResponse:
    """Tell a price, from a thread."""
    return JsonResponse({name: prices.get().get(name)})
