"""A broker for taskiq that needs no server: messages are files of a folder."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

from taskiq import AsyncBroker, BrokerMessage


class FolderBroker(AsyncBroker):
    """Brings messages from any process to one worker."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = Path(folder)

    async def kick(self, message: BrokerMessage) -> None:
        """Send a message."""
        path = self._folder / uuid.uuid4().hex
        path.write_bytes(message.message)
        path.rename(path.with_suffix(".task"))

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """Receive messages."""
        while True:
            for path in self._folder.glob("*.task"):
                message = path.read_bytes()
                path.unlink()
                yield message
            await asyncio.sleep(0.02)
