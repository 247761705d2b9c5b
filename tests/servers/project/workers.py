"""Workers for gunicorn."""

from __future__ import annotations

from uvicorn_worker import UvicornWorker


class WithoutLifespan(UvicornWorker):  # type: ignore[misc]
    """Uvicorn's worker, told to send no lifespan."""

    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "lifespan": "off"}
