"""Measure this library beside others, and print the table."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

from tests.benchmarks.page import Machine
from tests.benchmarks.peers.requests import set_up
from tests.benchmarks.peers.table import (
    LINES,
    MEASUREMENTS,
    PACKAGES,
    head,
    renewed,
    written,
)
from tests.peers.known import PEERS


async def main(names: list[str], *, quick: bool) -> tuple[str, list[str]]:
    """Print the lines of the measurements *names* as they come.

    Return what is to be said of the machine, and the lines.
    """
    machine = Machine(*PACKAGES)
    peers = [peer for peer in PEERS if not peer.is_missing]
    lines: list[str] = []
    print(head(), flush=True)
    for name in names:
        async for line in MEASUREMENTS[name](peers, quick=quick):
            assert line.what in LINES, line.what
            lines.append(written(line))
            print(lines[-1], flush=True)
    where = str(machine)
    print(f"\n{where}")
    return where, lines


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
        "--page",
        type=Path,
        help="write what has been measured into the table of this page",
    )
    options = parser.parse_args()
    if options.page and options.quick:
        parser.error("no page shows what has been measured in a hurry")
    # Frameworks set up the log, and records cost time.
    logging.disable(logging.INFO)
    set_up()
    names = options.only or list(MEASUREMENTS)
    where, lines = asyncio.run(main(names, quick=options.quick))
    if options.page:
        page = options.page.read_text(encoding="utf-8")
        options.page.write_text(renewed(page, where, lines), encoding="utf-8")
