"""Start and stop many lifespans of one peer; print what that has taken.

``python -m tests.benchmarks.peers.many MODULE COUNT [--memory]``
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
import tracemalloc

from tests.benchmarks.footprint import occupied
from tests.benchmarks.peers.requests import set_up
from tests.benchmarks.peers.starts import timed, trivial, trivial_of
from tests.benchmarks.requests import nothing, served


async def times(module: str, count: int) -> dict[str, float]:
    """Return the seconds for all, of the processor: there is nothing to wait for."""
    form = importlib.import_module(f"tests.peers.forms.{module}")
    function = trivial_of if form.PARAMETER else trivial
    # What the first start imports is counted with the imports.
    await timed(form.application([function], nothing))
    gc.collect()
    gc.freeze()
    began = time.process_time()
    app = form.application([function] * count, nothing)
    registered = time.process_time() - began
    took = await timed(app, time.process_time)
    return {"registration": registered, **took._asdict()}


async def bytes_of(module: str, count: int) -> dict[str, float]:
    """Return the bytes for each."""
    form = importlib.import_module(f"tests.peers.forms.{module}")
    function = trivial_of if form.PARAMETER else trivial
    await timed(form.application([function], nothing))
    functions = [function] * count
    tracemalloc.start()
    before = occupied()
    app = form.application(functions, nothing)
    registered = occupied() - before
    before = occupied()
    async with served(app, {}):
        entered = occupied() - before
    return {"registered": registered / count, "entered": entered / count}


if __name__ == "__main__":
    set_up()
    measure = bytes_of if "--memory" in sys.argv else times
    print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2])))))
