"""What lifespans occupy, and what an import takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.benchmarks.footprint import imports
from tests.benchmarks.measure import Quartiles, interleaved, short
from tests.benchmarks.peers.cells import Line, cell
from tests.benchmarks.peers.starts import in_process
from tests.benchmarks.runs import FEW, MANY
from tests.peers.known import HAND_WRITTEN, Peer

MEMORY = "memory of a trivial one that is up"
REGISTERED = "memory of a registration"
IMPORT = "import, after Django's"


async def memory(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Count bytes, which come out the same each time."""
    most = FEW if quick else MANY
    counts = {peer: min(most, getattr(peer.form, "MOST", most)) for peer in peers}
    counted = {
        peer: await in_process(peer, count, memory=True)()
        for peer, count in counts.items()
    }
    for what, part in ((MEMORY, "entered"), (REGISTERED, "registered")):
        cells = {
            peer.title: _bytes(one, part, counts[peer], most)
            for peer, one in counted.items()
        }
        yield Line(what, f"{HAND_WRITTEN.title}: {cells[HAND_WRITTEN.title]}", cells)


def _bytes(counted: Any, part: str, count: int, most: int) -> str:
    if isinstance(counted, str):
        return counted
    return f"{short(counted[part])} B" + (f" (of {count})" if count < most else "")


async def importing(peers: Sequence[Peer], *, quick: bool) -> AsyncIterator[Line]:
    """Measure imports in new interpreters that have imported Django."""
    rounds, warm_up = (1, 0) if quick else (25, 2)
    with imports("process_time") as measured:
        variants = {peer.title: measured(peer.imports) for peer in peers}
        variants["bare"] = measured("pass")
        results = await interleaved(variants, rounds, warm_up=warm_up)
    base = Quartiles.of(results.pop("bare")).median
    cells = {
        title: cell(Quartiles.of(one - base for one in several), " ms")
        for title, several in results.items()
    }
    yield Line(IMPORT, "an import of nothing", cells)
