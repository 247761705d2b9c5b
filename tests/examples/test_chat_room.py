"""The example with websockets."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.examples.served import Site, copied, serving, started
from tests.examples.test_redis_client import emptied
from tests.project import ROOT
from tests.servers.process import WITHIN, Process

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

PACKAGES = ("channels", "channels_redis", "daphne", "websockets")


def by_daphne(name: str, folder: Path, port: int, **environment: str) -> Process:
    """Start a copy of an example by Daphne, from its own folder."""
    return Process(
        *("daphne", "--port", str(port), f"{name}.asgi:application"),
        environment={"PYTHONDEVMODE": "1", "PYTHONPATH": str(ROOT), **environment},
        root=copied(name, folder),
    )


def connect(site: Site, path: str) -> ClientConnection:
    """Open a websocket."""
    from websockets.sync import client

    url = site.client.base_url.copy_with(scheme="ws", path=path)
    return client.connect(str(url), proxy=None, open_timeout=WITHIN)


def heard(websocket: ClientConnection) -> str:
    """Wait for the next message."""
    return websocket.recv(WITHIN)


def until_closed(websocket: ClientConnection) -> Iterator[str]:
    """Give the messages that come before the end."""
    from websockets import ConnectionClosed

    with contextlib.suppress(ConnectionClosed):
        while True:
            yield heard(websocket)


def test_readme(redis: str, tmp_path: Path) -> None:
    """It does what its README shows, and who is in the room hears it."""
    with (
        serving("chat_room", tmp_path, REDIS_URL=emptied(redis)) as site,
        connect(site, "/tea/") as websocket,
    ):
        assert heard(websocket).startswith("Welcome to tea.")
        site.follow_readme()
        assert heard(websocket) == "Milk"


@pytest.mark.parametrize("start", [started, by_daphne])
def test_talk(start: Callable[..., Process], redis: str, tmp_path: Path) -> None:
    """What one says all hear who are in the room, and nobody else.

    Consumers, async and sync, and views have the same client.
    """
    with (
        serving("chat_room", tmp_path, start, REDIS_URL=emptied(redis)) as site,
        connect(site, "/tea/") as anna,
        connect(site, "/tea/") as bert,
        connect(site, "/coffee/") as carl,
        connect(site, "/tea/recall/") as recall,
    ):
        [client] = {heard(one).split()[4] for one in (anna, bert, carl)}
        anna.send("Milk?")
        assert heard(anna) == heard(bert) == "Milk?"
        bert.send("Yes.")
        assert heard(anna) == heard(bert) == "Yes."
        carl.send("Sugar?")
        assert heard(carl) == "Sugar?"
        recall.send("2")
        assert [heard(recall) for _ in range(3)] == [
            "Milk?",
            "Yes.",
            f"Client {client} keeps them.",
        ]
        assert site.client.get("/coffee/").json() == {"coffee": ["Sugar?"]}
    assert "Traceback" not in site.output, site.output
    assert "ResourceWarning" not in site.output


def test_silence(redis: str, tmp_path: Path) -> None:
    """A websocket stays open, however long it hears nothing."""
    with (
        serving("chat_room", tmp_path, REDIS_URL=redis) as site,
        connect(site, "/tea/") as websocket,
    ):
        heard(websocket)
        # Channels asks Redis anew every five seconds.
        with pytest.raises(TimeoutError):
            websocket.recv(7)
        websocket.send("Still here?")
        assert heard(websocket) == "Still here?"


def last_words(redis: str, folder: Path) -> tuple[str, int, int]:
    """Press Ctrl-C; return what is said in a room, and how both websockets close."""
    from websockets import ConnectionClosedError

    codes = []
    with (
        serving("chat_room", folder, REDIS_URL=redis) as site,
        connect(site, "/tea/") as websocket,
        connect(site, "/tea/recall/") as recall,
    ):
        heard(websocket)
        began = time.monotonic()
        assert site.interrupt() == 0
        assert time.monotonic() - began < 15
        words = "".join(until_closed(websocket))
        for one in (websocket, recall):
            with pytest.raises(ConnectionClosedError) as closed:
                heard(one)
            codes.append(closed.value.rcvd.code)
    assert site.names("stopped") == ["redis_client"]
    assert "Traceback" not in site.output, site.output
    assert "ResourceWarning" not in site.output
    return words, *codes


def test_goodbye(redis: str, tmp_path: Path) -> None:
    """At Ctrl-C who is in a room is told so, and Uvicorn stops without waiting.

    Uvicorn looks ten times a second whether it has been told to stop. Where the signal
    comes just before that, it may close the websocket before the consumer does.
    """
    endings = (last_words(redis, tmp_path / str(number)) for number in range(3))
    assert ("The server stops. Come again!", 4012, 1012) in endings


@pytest.mark.parametrize("end", [Site.interrupt, Site.terminate])
def test_daphne_stops(end: Callable[[Site], int], redis: str, tmp_path: Path) -> None:
    """Daphne cuts websockets off, and then all is closed."""
    from websockets import ConnectionClosedError

    with (
        serving("chat_room", tmp_path, by_daphne, REDIS_URL=redis) as site,
        connect(site, "/tea/") as websocket,
    ):
        heard(websocket)
        assert end(site) == 0
        with pytest.raises(ConnectionClosedError):
            list(websocket)
    assert site.names("stopped") == ["redis_client"]
    assert "Traceback" not in site.output, site.output
    assert "ResourceWarning" not in site.output
