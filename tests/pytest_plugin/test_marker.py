"""The marker ``lifespans``: what is started, and what stands in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.inner import LIFESPANS, run

CHOICE = """
import pytest
from lifespan_registry import default_registry
from shop.lifespans import greeting, loop, sentence

pytestmark = pytest.mark.lifespans(
    only=sentence, override={"greeting": "module", "loop": "module"}
)

def test_module(lifespan_run):
    assert lifespan_run.state == {"greeting": "module", "sentence": "module world"}

@pytest.mark.lifespans(only=None, skip="loop")
def test_of_each_option_the_closest_counts(lifespan_run):
    assert set(lifespan_run.state) == {"greeting", "sentence", "job"}

@pytest.mark.lifespans(override={greeting: "class"})
class TestClass:
    def test_class(self, lifespan_run):
        assert lifespan_run.state.sentence == "class world"

    @pytest.mark.lifespans(only=[loop, greeting], override={"greeting": "function"})
    def test_overrides_add_up(self, lifespan_run):
        assert lifespan_run.state == {"greeting": "function", "loop": "module"}

    @pytest.mark.lifespans(override={greeting: loop, loop: lambda: None})
    def test_other_lifespan(self, lifespan_run):
        assert greeting.get() is lifespan_run.loop

    def test_counts_to_the_end_of_the_test(self, lifespan_run):
        with default_registry.run_in_thread() as nested:
            assert nested.state.greeting == "class"

@pytest.mark.lifespans(only=None, tags="web")
def test_tags(lifespan_run):
    assert set(lifespan_run.state) == {"greeting", "loop", "sentence"}

def test_without_the_fixture():
    assert default_registry.current_run() is None
    assert set(default_registry.plan().names) == {"greeting", "job", "loop", "sentence"}
"""

JOB = """

@on_lifespan(tags="worker")
def job():
    yield "job"
"""


def test_choice(tmp_path: Path) -> None:
    """Of each option the closest marker counts; overrides are merged inwards."""
    outcome = run(tmp_path, CHOICE, shop__lifespans=LIFESPANS + JOB)
    assert outcome.counts == {"passed": 8}, outcome.text


ASYNC = """
import pytest
from lifespan_registry import default_registry
from shop.lifespans import greeting, sentence

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.lifespans(only=sentence, override={{greeting: "async"}})
@pytest.mark.{plugin}
async def test_choice(lifespan_run):
    assert lifespan_run.state == {{"greeting": "async", "sentence": "async world"}}
    async with default_registry.run(only=greeting) as nested:
        assert nested.state.greeting == "async"

@pytest.mark.{plugin}
async def test_is_over(lifespan_run):
    assert sentence.get() == "hello world"
    assert default_registry.plan().names == ("loop", "greeting", "sentence")
"""


@pytest.mark.parametrize("plugin", ["anyio", "asyncio"])
def test_async_choice(tmp_path: Path, plugin: str) -> None:
    """In async tests the marker counts likewise, and leaks into no other test."""
    outcome = run(tmp_path, ASYNC.format(plugin=plugin), plugins=(plugin,))
    assert outcome.counts == {"passed": 2}, outcome.text


SLIPS = """
import pytest
from shop.lifespans import loop

@pytest.mark.lifespans(onyl=loop)
def test_near_miss(lifespan_run):
    raise NotImplementedError

@pytest.mark.lifespans(zzz=1)
def test_far_miss(lifespan_run):
    raise NotImplementedError

@pytest.mark.lifespans("loop")
def test_position(lifespan_run):
    raise NotImplementedError

@pytest.mark.lifespans(override="loop")
def test_no_dict(lifespan_run):
    raise NotImplementedError

@pytest.mark.lifespans(override={"lop": 1})
def test_unknown_override(lifespan_run):
    raise NotImplementedError

@pytest.mark.lifespans(only="lop")
def test_unknown(lifespan_run):
    raise NotImplementedError
"""


EXPECTED = """\
@pytest.mark.lifespans has no option onyl=: did you mean only=? \
It knows only=, skip=, tags=, override=.
@pytest.mark.lifespans has no option zzz=: It knows only=, skip=, tags=, override=.
@pytest.mark.lifespans takes its options by name, and was given 'loop': \
did you mean only=?
@pytest.mark.lifespans has override='loop': it takes a dict from lifespans, \
or their names, to what stands in their place.
"""


def test_slips(tmp_path: Path) -> None:
    """A wrong option, and a wrong name, is an error that names what is near."""
    outcome = run(tmp_path, SLIPS)
    assert outcome.counts == {"error": 6}, outcome.text
    assert outcome.errors[:4] == EXPECTED.splitlines()
    for text in outcome.errors[4:]:
        assert "no lifespan is registered under the name 'lop'" in text
        assert "Did you mean 'loop' (shop/lifespans.py:4)?" in text
        assert "_core" not in text


def test_is_known(tmp_path: Path) -> None:
    """``pytest --markers`` explains the marker."""
    outcome = run(tmp_path, "", "--markers")
    assert "@pytest.mark.lifespans(only=, skip=, tags=, override={}): " in outcome.text
