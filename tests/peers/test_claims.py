"""What the page of comparison says of each peer is what it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from tests.peers.claims import CLAIMS, Claim
from tests.peers.known import COMPARED, PEERS, Peer

# Peers leave coroutines and generators behind, which is some of what is tried here.
pytestmark = pytest.mark.filterwarnings(
    "ignore", "default::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    """Frameworks set up the log: it is as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.title)
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.attempt.__name__)
def test_claim(claim: Claim, peer: Peer) -> None:
    """The attempt comes out as the table has it, with the version it speaks of."""
    wanted = COMPARED.get(peer.distribution or "", peer.version)
    if peer.version != wanted:
        pytest.skip(f"{peer.title} is {peer.version or 'missing'}, not {wanted}")

    # With no handler of exceptions but asyncio's own: one claim is about its log.
    assert asyncio.run(claim.attempt(peer)) == claim.outcome(peer)
