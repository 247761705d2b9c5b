"""What is measured as the import of a peer is what one who serves pays for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.peers.known import PEERS
from tests.peers.test_ahead import peer
from tests.project import ROOT

FIRST_START = """
import asyncio, sys
from tests.benchmarks.peers.requests import set_up
from tests.benchmarks.peers.starts import timed, trivial, trivial_of
from tests.benchmarks.requests import nothing
from tests.peers.known import PEERS

(peer,) = (one for one in PEERS if one.module == {module!r})
set_up()
# What measures has imported some of it.
for name in [name for name in sys.modules if name.startswith("lifespan_registry")]:
    del sys.modules[name]
exec(peer.imports)
before = set(sys.modules)
form = peer.form
function = trivial_of if form.PARAMETER else trivial
asyncio.run(timed(form.application([function], nothing)))
new = set(sys.modules) - before
print(*sorted(one for one in new if not one.startswith("tests")))
"""

FRAMEWORKS = {"Litestar", "Quart", "Starlette", "fastapi-lifespan-manager"}
"""Those whose application is a framework's, which may load more of itself."""


@pytest.mark.parametrize(
    "title", [one.title for one in PEERS if one.title not in FRAMEWORKS]
)
def test_first_start_imports_no_more(title: str) -> None:
    """Nothing is left for the first start to load, neither ours nor another's."""
    code = FIRST_START.format(module=peer(title).module)
    found = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert found.split() == []
