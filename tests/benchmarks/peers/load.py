"""So many requests by HTTP/1.1, over connections that stay open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"

WITHIN = 60.0
"""How many seconds all of them get, on a busy machine too."""


class Client(asyncio.Protocol):
    """One connection, which asks again as soon as it has its answer.

    It ends when there is none of *requests* left, which it shares with others.
    """

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._received = b""
        request = next(self._requests, None)
        if request is None:
            self._transport.abort()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(HEAD_END)
        length = LENGTH.search(head + b"\r\n")
        if not end or (length and len(body) < int(length[1])):
            return
        if not head.startswith(b"HTTP/1.1 200") or body != b"ok":
            self.closed.set_exception(RuntimeError(self._received.decode()))
            self._transport.abort()
            return
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


async def ask(port: int, count: int, connections: int = 8) -> None:
    """Send *count* requests to the server on *port* of this machine.

    Raises `RuntimeError` for an answer that is not the one expected.
    """
    loop = asyncio.get_running_loop()
    requests = iter([REQUEST] * count)
    async with asyncio.timeout(WITHIN):
        clients = [
            (await loop.create_connection(lambda: Client(requests), "127.0.0.1", port))[
                1
            ]
            for _ in range(connections)
        ]
        await asyncio.gather(*(one.closed for one in clients))
