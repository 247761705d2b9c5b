"""The routes of Starlette, under /pages."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def root(request: Request) -> JSONResponse:
    """Tell what is in the state of its requests, and where a page is."""
    return JSONResponse(
        {
            "by": "Starlette",
            "state": sorted(request.scope["state"]),
            "link": request.url_for("page", name="tea").path,
        }
    )


async def page(request: Request) -> JSONResponse:
    """Tell a price, from the state, which has the visits, too."""
    name = request.path_params["name"]
    visit = next(request.state.visits)
    return JSONResponse({name: request.state.prices.get(name), "visit": visit})


routes = [Route("/", root), Route("/{name}", page, name="page")]
