"""Tasks that the end of an event loop does not see."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lifespan_registry._core.tasks import hide


async def hidden() -> bool:
    """Hide a task; tell whether that has an effect."""
    task = asyncio.create_task(asyncio.Event().wait(), name="the work")
    hide(task)
    is_hidden = task not in asyncio.all_tasks()
    task.cancel()
    await asyncio.wait([task])
    return is_hidden


async def test_hidden() -> None:
    """A task that is hidden is none of all tasks."""
    assert await hidden()


async def test_internal_is_gone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where asyncio has another way, a warning says what that means."""
    monkeypatch.delattr(asyncio.tasks, "_unregister_task")
    with caplog.at_level(logging.WARNING, "lifespan_registry"):
        assert not await hidden()

    (message,) = caplog.messages
    assert "the end of its event loop may cancel the work, or wait for it." in message
