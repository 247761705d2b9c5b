"""``tags=``: what a lifespan is for, and a run that is for something else."""

from __future__ import annotations

from typing import Any

import pytest

from lifespan_registry import Lifespan, Registry
from lifespan_registry.exceptions import ChoiceError, DefinitionError, NotInThisRunError
from tests.tracked import tracked


@pytest.fixture(name="web")
def _web(registry: Registry, log: list[str]) -> Lifespan[str]:
    """A lifespan that only the web needs, among others."""
    tracked(registry, log, "db")
    pool = tracked(registry, log, "pool", tags="deep")
    tracked(registry, log, "jobs", tags=["worker", "cron"])
    return tracked(registry, log, "web", tags={"web"}, requires=pool)


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (None, ["db", "pool", "jobs", "web"]),
        ("web", ["db", "pool", "web"]),
        ({"worker"}, ["db", "jobs"]),
        (["worker", "web"], ["db", "pool", "jobs", "web"]),
        ([], ["db"]),
        ("nobody has it", ["db"]),
    ],
)
@pytest.mark.usefixtures("web")
async def test_tags_of_a_run(
    registry: Registry, tags: object, names: list[str]
) -> None:
    """Left out are those that have tags, but none of the run's; needs come along."""
    assert sorted(registry.plan(tags=tags).names) == sorted(names)  # type: ignore[arg-type]

    async with registry.run(tags=tags) as run:  # type: ignore[arg-type]
        assert sorted(run.report) == sorted(names)


@pytest.mark.usefixtures("web")
def test_in_a_thread(registry: Registry, log: list[str]) -> None:
    """Sync code chooses in the same way."""
    with registry.run_in_thread(tags={"cron"}):
        pass
    assert sorted(log) == ["+db", "+jobs", "-db", "-jobs"]


async def test_with_only(registry: Registry, web: Lifespan[str]) -> None:
    """With `only=`, both have to agree."""
    assert registry.plan(only=["db", web], tags={"worker"}).names == ("db",)


async def test_why_it_has_no_value(registry: Registry, web: Lifespan[str]) -> None:
    """Who is left out says because of which tags."""
    async with registry.run(tags=["worker", "cron"]):
        with pytest.raises(NotInThisRunError) as caught:
            web.get()
    assert str(caught.value) == (
        "lifespan 'web' has no value: it has tags={'web'}, and this run is for "
        "tags={'cron', 'worker'}."
    )

    async with registry.run(only=["db"], tags={"web"}):
        with pytest.raises(NotInThisRunError, match="is left out by only= of this run"):
            web.get()


@pytest.mark.parametrize("option", ["only", "skip", "tags"])
@pytest.mark.parametrize("given", [7, [7]])
def test_no_choice(registry: Registry, option: str, given: Any) -> None:
    """A run tells which of its options it cannot read."""
    with pytest.raises(
        ChoiceError, match=f"^{option}= takes a .* it was given"
    ) as caught:
        registry.plan(**{option: given})
    assert str(caught.value).endswith(f"{given!r}.")


@pytest.mark.parametrize("tags", [7, [""], [None], [["web"]]])
def test_no_tags(registry: Registry, tags: object) -> None:
    """Whatever is no text is refused at the decorator."""
    with pytest.raises(DefinitionError, match=r"it takes a text, or several\.$"):
        tracked(registry, [], "db", tags=tags)
