"""The routes of FastAPI, under /api."""

from fastapi import APIRouter, Request

from mounted_apps.lifespans import prices
from mounted_apps.till import Till

router = APIRouter()


@router.get("/")
async def root(request: Request) -> dict[str, object]:
    """Tell what is in the state of its requests, and where a price is."""
    return {
        "by": "FastAPI",
        "state": sorted(request.scope["state"]),
        "link": request.url_for("price", name="tea").path,
    }


@router.get("/prices/{name}")
async def price(name: str, request: Request) -> int | None:
    """Tell a price, by way of the request."""
    return prices.get(request).get(name)


@router.get("/prices")
def all_prices() -> dict[str, int]:
    """Tell all prices, from a thread, and without a request."""
    return prices.get()


@router.post("/orders/{name}")
async def order(name: str, request: Request) -> str:
    """Order something; the money is taken by the task that the application keeps."""
    request.state.till.orders.put_nowait(name)
    return name


@router.get("/till")
async def till(request: Request) -> int:
    """Tell what is in the till, which is in the state of these requests alone."""
    own: Till = request.state.till
    return own.content
