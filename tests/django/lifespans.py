"""``manage.py lifespans`` in this process, and a project for it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

SHOP = """\
from lifespan_registry import on_lifespan


@on_lifespan
async def search(http_client, db):
    yield


@on_lifespan
async def http_client():
    yield


@on_lifespan(before="*")
async def db():
    yield


@on_lifespan(enabled=False)
async def metrics():
    yield
"""


def printed(*args: str, **options: Any) -> str:
    """Run the command in this process, and return what it prints."""
    out = StringIO()
    call_command("lifespans", *args, stdout=out, no_color=True, **options)
    return out.getvalue()


def refusal(*args: str, **options: Any) -> str:
    """Run the command, which fails, and return why."""
    with pytest.raises(CommandError) as refused:
        printed(*args, **options)
    return str(refused.value)
