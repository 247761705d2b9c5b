"""Measure this library beside others, and print the table."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from pathlib import Path

from tests.benchmarks.peers.requests import set_up
from tests.benchmarks.peers.table import (
    LINES,
    MEASUREMENTS,
    head,
    machine,
    replaced,
    written,
)
from tests.peers.known import PEERS


async def main(names: list[str], *, quick: bool) -> str:
    """Print the lines of the measurements *names* as they come, and return all."""
    before = os.getloadavg()[0]
    peers = [peer for peer in PEERS if not peer.is_missing]
    lines = [head()]
    print(lines[0], flush=True)
    for name in names:
        async for line in MEASUREMENTS[name](peers, quick=quick):
            assert line.what in LINES, line.what
            lines.append(written(line))
            print(lines[-1], flush=True)
    where = machine((before, os.getloadavg()[0]))
    print(f"\n{where}")
    return f"{where}\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        "python -m tests.benchmarks.peers", description=__doc__
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=MEASUREMENTS,
        help="measure this alone; may be given several times",
    )
    parser.add_argument(
        "--quick", action="store_true", help="see in less than a minute that all runs"
    )
    parser.add_argument(
        "--page", type=Path, help="write the table into this page, between its marks"
    )
    options = parser.parse_args()
    if options.page and (options.only or options.quick):
        parser.error("a page gets the whole table: --page goes with nothing else")
    # Frameworks set up the log, and records cost time.
    logging.disable(logging.INFO)
    set_up()
    table = asyncio.run(main(options.only or list(MEASUREMENTS), quick=options.quick))
    if options.page:
        page = options.page.read_text(encoding="utf-8")
        options.page.write_text(replaced(page, table), encoding="utf-8")
