"""Views that ask another service, all with one client."""

import asyncio

from asgiref.sync import async_to_sync
from django.http import HttpRequest, JsonResponse

from http_pool.lifespans import http_client


async def ask(request: HttpRequest, item: str) -> int:
    """Ask for the price of *item*: this very site, so that it needs no internet."""
    response = await http_client.get().get(
        request.build_absolute_uri(f"/price/{item}"),
        # Only because the site is our own. The server waits for open connections before
        # it stops the lifespans; one to itself would keep it waiting.
        headers={"Connection": "close"},
    )
    return int(response.raise_for_status().json())


async def index(request: HttpRequest) -> JsonResponse:
    """Ask for two prices at once."""
    tea, milk = await asyncio.gather(ask(request, "tea"), ask(request, "milk"))
    return JsonResponse(
        {"tea": tea, "milk": milk, "client": hex(id(http_client.get()))}
    )


def index_sync(request: HttpRequest) -> JsonResponse:
    """Ask in a sync view: the client is used on the event loop that it belongs to."""
    tea = async_to_sync(ask)(request, "tea")
    return JsonResponse({"tea": tea, "client": hex(id(http_client.get()))})


async def price(request: HttpRequest, item: str) -> JsonResponse:
    """Stand for the service that is asked."""
    return JsonResponse(len(item), safe=False)
