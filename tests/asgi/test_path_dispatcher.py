"""Applications beside each other, told apart by the path."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.test import override_settings
from django.urls import path, re_path, reverse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lifespan_registry.exceptions import MountError
from lifespan_registry.mounting import PathDispatcher


def seen_by_starlette(request: Request) -> JSONResponse:
    """Say what Starlette makes of the request: its path, its root, and a link."""
    rest, root = request.path_params["rest"], request.scope["root_path"]
    link = request.url_for("item", rest="b").path
    return JSONResponse(["starlette", rest, root, link])


def seen_by_django(request: HttpRequest, rest: str) -> JsonResponse:
    """Say what Django makes of it."""
    link = reverse("item", kwargs={"rest": "b"})
    return JsonResponse(["django", rest, request.META["SCRIPT_NAME"], link], safe=False)


urlpatterns = [
    path("item/<path:rest>", seen_by_django, name="item"),
    re_path("^(?P<rest>.*)$", seen_by_django),
]

STARLETTE = Starlette(
    routes=[
        Route("/item/{rest:path}", seen_by_starlette, name="item"),
        Route("/{rest:path}", seen_by_starlette),
    ]
)


def full(root: str, path: str) -> str:
    """Return the path as the specification has it, and most servers send it."""
    return root + path


def rest(root: str, path: str) -> str:
    """Return it without the root, as after a proxy that has taken that off."""
    return path


async def ask(
    application: Any, root: str, path: str, reading: Any = full
) -> list[str] | None:
    """Send a GET with this root and this path; return the JSON of the answer."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        moved = {"root_path": root, "path": reading(root, path)}
        await application({**scope, **moved}, receive, send)

    transport = httpx.ASGITransport(server)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        response = await client.get(path)
    return response.json() if response.is_success else None


@pytest.fixture(name="django")
def _django() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield get_asgi_application()


@pytest.mark.parametrize("reading", [full, rest])
@pytest.mark.parametrize("root", ["", "/site"])
async def test_starlette_beside_django(root: str, reading: Any, django: Any) -> None:
    """Each finds its own path, its own root, and makes links that lead back to it.

    So it is under a root of the server's own, whichever way that tells it.
    """
    application = PathDispatcher(django, {"/api": STARLETTE})

    async def get(path: str) -> list[str] | None:
        return await ask(application, root, path, reading)

    starlette, link = f"{root}/api", f"{root}/api/item/b"
    assert await get("/api/a/b") == ["starlette", "a/b", starlette, link]
    assert await get("/api/item/a") == ["starlette", "a", starlette, link]
    assert await get("/api/") == ["starlette", "", starlette, link]
    link = f"{root}/item/b"
    assert await get("/a/b") == ["django", "a/b", root, link]
    assert await get("/apiary") == ["django", "apiary", root, link]
    assert await get("/") == ["django", "", root, link]


@pytest.mark.parametrize("reading", [full, rest])
@pytest.mark.parametrize("root", ["", "/site"])
async def test_django_beside_starlette(root: str, reading: Any, django: Any) -> None:
    """The other way round it is the same."""
    application = PathDispatcher(STARLETTE, {"shop/": django})

    async def get(path: str) -> list[str] | None:
        return await ask(application, root, path, reading)

    link = f"{root}/shop/item/b"
    assert await get("/shop/a") == ["django", "a", f"{root}/shop", link]
    assert await get("/shop/item/a") == ["django", "a", f"{root}/shop", link]
    assert await get("/shop/") == ["django", "", f"{root}/shop", link]
    assert await get("/a") == ["starlette", "a", root, f"{root}/item/b"]


async def test_one_in_another(django: Any) -> None:
    """A dispatcher may stand in another one."""
    inner = PathDispatcher(django, {"/two": STARLETTE})
    application = PathDispatcher(django, {"/one": inner})
    roots = {
        path: (await ask(application, "/site", path) or [])[:3]
        for path in ("/one/two/a", "/one/a", "/two/a")
    }
    assert roots == {
        "/one/two/a": ["starlette", "a", "/site/one/two"],
        "/one/a": ["django", "a", "/site/one"],
        "/two/a": ["django", "two/a", "/site"],
    }


class Spy:
    """An application that notes what it is called with."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope


async def call(application: PathDispatcher, **scope: Any) -> None:
    """Call *application*, which is not to receive nor to send."""
    await application(scope, None, None)


async def test_websockets() -> None:
    """A websocket goes where a request goes."""
    default, mounted = Spy(), Spy()
    application = PathDispatcher(default, {"/live": mounted})
    await call(application, type="websocket", path="/live/a", root_path="/")
    assert mounted.scope == {
        "type": "websocket",
        "path": "/live/a",
        "root_path": "/live",
    }
    await call(application, type="websocket", path="/a")
    assert default.scope == {"type": "websocket", "path": "/a"}


async def test_path_without_a_slash(django: Any) -> None:
    """The path of the mount itself belongs to what is mounted: it is its root."""
    mounted = Spy()
    application = PathDispatcher(Spy(), {"/mcp": mounted})
    await call(application, type="http", path="/mcp", root_path=None)
    assert mounted.scope == {"type": "http", "path": "/mcp/", "root_path": "/mcp"}

    both = PathDispatcher(Spy(), {"/a": STARLETTE, "/b": django})
    for mount, name in (("/a", "starlette"), ("/b", "django")):
        answer = await ask(both, "/site", mount)
        assert answer == [name, "", f"/site{mount}", f"/site{mount}/item/b"]


async def test_longest_path_counts() -> None:
    """Of several that fit, the longest has it, in whatever order they stand."""
    default, short, long = Spy(), Spy(), Spy()
    application = PathDispatcher(default, {"/api": short, "/api/v2": long})
    await call(application, type="http", path="/api/v2/a")
    assert long.scope["root_path"] == "/api/v2"
    await call(application, type="http", path="/api/v23")
    assert short.scope["root_path"] == "/api"
    assert repr(application) == "<PathDispatcher: /api, /api/v2>"
    assert repr(PathDispatcher(default, {})) == "<PathDispatcher: nothing mounted>"


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["/"], "the path '/' is the root of all: what is there is default."),
        ([""], "the path '' is the root of all: what is there is default."),
        (["/a", "a/"], "the path 'a/' is mounted twice, with and without slashes."),
    ],
)
def test_paths_that_cannot_be_mounted(paths: list[str], said: str) -> None:
    """The root is for the default, and one path for one application."""
    with pytest.raises(MountError) as caught:
        PathDispatcher(Spy(), dict.fromkeys(paths, Spy()))
    assert str(caught.value) == said


async def test_all_else_goes_to_the_default() -> None:
    """So does the lifespan, and what nobody has heard of; the scope is as it was."""
    default = Spy()
    application = PathDispatcher(default, {"/api": Spy()})
    for kind in ("lifespan", "webtransport"):
        scope = {"type": kind, "path": "/api/a"}
        await application(scope, None, None)
        assert default.scope is scope
