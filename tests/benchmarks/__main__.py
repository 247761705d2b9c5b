"""Print the table."""

from __future__ import annotations

import argparse
import asyncio
import platform
from importlib.metadata import version

from tests.benchmarks import footprint, requests, runs, suite
from tests.benchmarks.measure import HEAD

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


async def main(numbers: list[int], *, quick: bool) -> None:
    """Print the rows with these *numbers* as they come."""
    print(
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"Django {version('django')}, asgiref {version('asgiref')}, "
        f"{platform.system()}\n\n{HEAD}",
        flush=True,
    )
    for number in numbers:
        async for row in ROWS[number](quick=quick):
            print(row, flush=True)


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
    options = parser.parse_args()
    asyncio.run(main(options.row or list(ROWS), quick=options.quick))
