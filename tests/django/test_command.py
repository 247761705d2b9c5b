"""``manage.py lifespans``: what would start, in which order, and from where."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from lifespan_registry import Registry
from lifespan_registry.exceptions import PlanError
from tests.project import shop
from tests.tracked import tracked

SHOP = """\
from lifespan_registry import on_lifespan


@on_lifespan
async def search(http_client, db):
    yield


@on_lifespan
async def http_client():
    yield


@on_lifespan(before="*")
async def db():
    yield


@on_lifespan(enabled=False)
async def metrics():
    yield
"""


def printed() -> str:
    """Run the command in this process, and return what it prints."""
    out = StringIO()
    call_command("lifespans", stdout=out, no_color=True)
    return out.getvalue()


def test_whole_output(tmp_path: Path) -> None:
    """It prints the plan in order, who waits for whom, the places, and the disabled."""
    project = shop(tmp_path, {"shop/lifespans.py": SHOP})
    result = project.manage("lifespans")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [
        "      name         waits for        defined at",
        "   1  db           -                shop/lifespans.py:14",
        "   2  http_client  db               shop/lifespans.py:9",
        "   3  search       db, http_client  shop/lifespans.py:4",
        "disabled: 'metrics' (shop/lifespans.py:19)",
    ]


def test_errors_of_the_plan(tmp_path: Path) -> None:
    """What stands against the plan is drawn, even where the checks would fail."""
    text = SHOP.replace('before="*"', 'after="search"').replace("enabled=False", "")
    project = shop(tmp_path, {"shop/lifespans.py": text})
    result = project.manage("lifespans")

    assert (result.stdout, result.returncode) == ("", 1)
    assert result.stderr == dedent("""\
        CommandError: the lifespans cannot be started:

        these 2 lifespans wait for one another, so that none can start:

            ╭─> 'search' takes 'db'       shop/lifespans.py:4
            ╰── 'db' has after='search'   shop/lifespans.py:14

        Remove one of these dependencies.
    """)


def test_error_in_this_process(default: Registry, log: list[str]) -> None:
    """``call_command`` raises a CommandError with the words of the plan's error."""
    tracked(default, log, "db", requires="nowhere")

    with pytest.raises(CommandError) as failed:
        printed()
    assert str(failed.value) == str(plan_error(default))


def plan_error(registry: Registry) -> PlanError:
    """Return what stands against the plan."""
    with pytest.raises(PlanError) as refused:
        registry.plan()
    return refused.value


@pytest.mark.usefixtures("default")
def test_nothing_is_registered() -> None:
    """Where there is none, it says where lifespans are written."""
    none = "No lifespans are registered."
    assert printed() == (
        f"{none} Write them with @on_lifespan in lifespans.py of an installed app.\n"
    )
    with override_settings(LIFESPAN_REGISTRY={"MODULE": None}):
        assert printed() == f"{none}\n"


def test_all_are_disabled(default: Registry, log: list[str]) -> None:
    """Those that are disabled are registered, and there is no table."""
    one = tracked(default, log, "db", enabled=lambda: False)
    assert printed() == f"disabled: {one.definition.origin}\n"


def test_head_of_the_table_is_coloured(default: Registry, log: list[str]) -> None:
    """On a terminal the head stands out, the rows do not."""
    tracked(default, log, "db")
    out = StringIO()
    call_command("lifespans", stdout=out, force_color=True)
    head, row = out.getvalue().splitlines()
    assert (head[:1], head[-4:], row[:6]) == ("\x1b", "\x1b[0m", "   1  ")
