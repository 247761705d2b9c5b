"""What lifespans occupy, and what an import takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

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
    count = FEW if quick else MANY
    counted = {
        peer.title: await in_process(peer, count, memory=True)() for peer in peers
    }
    for what, part in ((MEMORY, "entered"), (REGISTERED, "registered")):
        cells = {title: f"{short(one[part])} B" for title, one in counted.items()}
        yield Line(what, f"{HAND_WRITTEN.title}: {cells[HAND_WRITTEN.title]}", cells)


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
