"""Who is compared, and where to read about each."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple


class Peer(NamedTuple):
    """Something that runs lifespans; `form` is how its own user writes that."""

    title: str
    module: str
    link: str = ""
    distribution: str | None = None
    imports: str = ""
    """What a project that uses it imports, by the end of its first start."""

    @property
    def version(self) -> str | None:
        """The version that is installed; `None` if it is not, or is no package."""
        if self.distribution is None:
            return None
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None

    @property
    def is_missing(self) -> bool:
        """Whether it cannot be compared, as it is not installed."""
        return self.distribution is not None and self.version is None

    @property
    def form(self) -> Any:
        """The module in `forms` that is about it; raises `ImportError` if missing."""
        return importlib.import_module(f"tests.peers.forms.{self.module}")


OURS = Peer(
    "lifespan-registry",
    "lifespan_registry",
    "../index.md",
    None,  # the tests run in its source
    "import lifespan_registry, lifespan_registry.asgi, lifespan_registry._application, "
    "lifespan_registry._core.run, lifespan_registry._core.graph",
)

HAND_WRITTEN = Peer(
    "written by hand",
    "hand_written",
    "https://docs.python.org/3/library/contextlib.html#contextlib.AsyncExitStack",
    None,
    "import contextlib, traceback",
)

PEERS = (
    OURS,
    HAND_WRITTEN,
    Peer(
        "django-asgi-lifespan",
        "django_asgi_lifespan",
        "https://illagrenan.github.io/django-asgi-lifespan/",
        "django-asgi-lifespan",
        "import django_asgi_lifespan.asgi, django_asgi_lifespan.register",
    ),
    Peer(
        "aiodrf-asgi-lifespan",
        "aiodrf_asgi_lifespan",
        "https://github.com/django-aiodrf/aiodrf-asgi-lifespan",
        "aiodrf-asgi-lifespan",
        "import aiodrf_asgi_lifespan.asgi",
    ),
    Peer(
        "asgi-lifespan-middleware",
        "asgi_lifespan_middleware",
        "https://github.com/adriangb/asgi-lifespan-middleware",
        "asgi-lifespan-middleware",
        "import asgi_lifespan_middleware",
    ),
    Peer(
        "fastapi-lifespan-manager",
        "fastapi_lifespan_manager",
        "https://github.com/uriyyo/fastapi-lifespan-manager",
        "fastapi-lifespan-manager",
        "import fastapi, fastapi_lifespan_manager",
    ),
    Peer(
        "Starlette",
        "starlette",
        "https://www.starlette.io/lifespan",
        "starlette",
        "import starlette.applications, starlette.routing",
    ),
    Peer(
        "Litestar",
        "litestar",
        "https://docs.litestar.dev/2/usage/applications.html",
        "litestar",
        "import litestar",
    ),
    Peer(
        "Quart",
        "quart",
        "https://github.com/pallets/quart",
        "quart",
        "import quart",
    ),
)

COMPARED = {
    "aiodrf-asgi-lifespan": "0.1.1",
    "asgi-lifespan-middleware": "0.1.3",
    "django-asgi-lifespan": "0.5.4",
    "fastapi-lifespan-manager": "0.1.4",
    "litestar": "2.25.0",
    "quart": "0.23.1",
    "starlette": "1.10.0",
}
"""The versions of which the pages speak; those of the group ``peers``."""
