"""Print the table."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from tests.benchmarks import footprint, requests, runs, suite
from tests.benchmarks.measure import HEAD
from tests.benchmarks.page import Machine, renewed

NAME = "benchmarks"
"""The name of the marks around its table on the page."""

ROWS = {
    1: requests.row_1,
    2: requests.row_2,
    3: runs.row_3,
    4: runs.row_4,
    5: runs.row_5,
    6: footprint.row_6,
    7: footprint.row_7,
    8: requests.row_8,
    9: suite.row_9,
}


async def main(numbers: list[int], *, quick: bool) -> tuple[str, list[str]]:
    """Print the rows with these *numbers* as they come.

    Return what is to be said of the machine, and the rows.
    """
    machine = Machine("django", "asgiref")
    rows: list[str] = []
    print(HEAD, flush=True)
    for number in numbers:
        async for row in ROWS[number](quick=quick):
            rows.append(str(row))
            print(row, flush=True)
    where = str(machine)
    print(f"\n{where}")
    return where, rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--row",
        type=int,
        action="append",
        choices=ROWS,
        help="measure this row alone; may be given several times",
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds: below a minute"
    )
    parser.add_argument(
        "--page", type=Path, help="write the table into this page; for all rows alone"
    )
    options = parser.parse_args()
    if options.page and (options.quick or options.row):
        parser.error("a page shows all rows, and none that is measured in a hurry")
    where, rows = asyncio.run(main(options.row or list(ROWS), quick=options.quick))
    if options.page:
        page = renewed(options.page.read_text("utf-8"), NAME, (where, "", HEAD, *rows))
        options.page.write_text(page, encoding="utf-8")
