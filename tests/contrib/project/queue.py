"""Where Celery's tasks go, for the worker and for the tests."""

from __future__ import annotations

from typing import Any


def settings(queue: str) -> dict[str, Any]:
    """Return Celery's settings for *queue*: the address of a Redis, or a folder."""
    if "://" in queue:
        return {"broker_url": queue}
    return {
        "broker_url": "filesystem://",
        "broker_transport_options": {
            "control_folder": f"{queue}/control",
            "data_folder_in": queue,
            "data_folder_out": queue,
            "processed_folder": f"{queue}/processed",
            "polling_interval": 0.05,
        },
    }
