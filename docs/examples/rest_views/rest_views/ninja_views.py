"""Async views of Django Ninja: they await what a lifespan has yielded."""

from django.http import Http404, HttpRequest
from ninja import NinjaAPI

from rest_views.lifespans import stock

api = NinjaAPI(title="Shop")


@api.get("/stock")
async def pieces(request: HttpRequest) -> dict[str, int]:
    """Tell what there is."""
    return await stock.get().pieces()


@api.post("/stock/{item}")
async def take(request: HttpRequest, item: str) -> dict[str, int]:
    """Take a piece."""
    left = await stock.get().take(item)
    if left is None:
        raise Http404
    return {"left": left}
