"""Ctrl-C and SIGTERM stop a command, and its lifespans after it."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Iterator
from functools import partial
from textwrap import dedent
from typing import Any

import pytest
from django.core.management import call_command

from lifespan_registry import Registry
from lifespan_registry.management.base import LifespanCommand
from lifespan_registry.management.stopping import StopSignals
from tests.commands.shop import STARTED, STOPPED, add_command, add_lifespans, running
from tests.project import Project

ASYNC = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            try:
                say("works")
                await asyncio.sleep(600)
            finally:
                await sync_to_async(str)()
                say("cleans up with", search.get())
"""

SYNC = """
    class Command(LifespanCommand):
        def handle(self, *args, **options):
            try:
                say("works")
                time.sleep(600)
            finally:
                say("cleans up with", search.get())
"""

CALLING = """

    class Calling(BaseCommand):
        def handle(self, *args, **options):
            call_command(Work())


    Work, Command = Command, Calling
"""

WORKED = [*STARTED, "works", "cleans up with search in a pool", *STOPPED]

SLOW = """

    @on_lifespan
    async def slow():
        try:
            if "{where}" == "start":
                say("slow starts")
                await asyncio.sleep(600)
            yield
        finally:
            say("slow cleans up")
            await asyncio.sleep({seconds})
            say("slow is clean")
"""


@pytest.fixture(
    name="work",
    params=[ASYNC, SYNC, ASYNC + CALLING, SYNC + CALLING],
    ids=["async", "sync", "async-called", "sync-called"],
)
def _work(request: pytest.FixtureRequest, project: Project) -> Project:
    """A project with a command that would work for ten minutes."""
    add_command(project, "work", request.param)
    return project


def said(output: str) -> list[str]:
    """Return what the project has said; a traceback follows it."""
    return output.partition("Traceback")[0].splitlines()


def test_sigterm(work: Project) -> None:
    """The command cleans up, its lifespans are stopped, and the code says why."""
    with running(work, "work") as process:
        process.wait_for("works")
        process.terminate()
        assert process.wait() == 143
    assert process.output.splitlines() == WORKED


def test_ctrl_c(work: Project) -> None:
    """Likewise, with Python's own end by this signal, which shells report as 130."""
    with running(work, "work") as process:
        process.wait_for("works")
        process.press_ctrl_c()
        assert process.wait() == -signal.SIGINT
    assert said(process.output) == WORKED
    assert process.output.endswith("\nKeyboardInterrupt\n")


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)],
    ids=["SIGTERM", "ctrl-c"],
)
def test_during_the_start(
    project: Project, text: str, number: signal.Signals, code: int
) -> None:
    """A start is unwound."""
    add_command(project, "work", text)
    add_lifespans(project, SLOW.format(where="start", seconds=0))
    with running(project, "work") as process:
        process.wait_for("slow starts(.|\n)*search starts")
        process.send(number)
        assert process.wait() == code
    lines = said(process.output)
    assert sorted(lines[:3]) == sorted([*STARTED, "slow starts"])
    assert sorted(lines[3:]) == sorted([*STOPPED, "slow cleans up", "slow is clean"])


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_sigterm_twice(project: Project, text: str) -> None:
    """The second one does not cut the stop short."""
    add_command(project, "work", text)
    add_lifespans(project, SLOW.format(where="stop", seconds=1))
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        process.wait_for("slow cleans up")
        process.terminate()
        assert process.wait() == 143
    assert "slow is clean" in process.output


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_ctrl_c_twice(project: Project, text: str) -> None:
    """The second one does not cut the stop short either."""
    add_command(project, "work", text)
    add_lifespans(project, SLOW.format(where="stop", seconds=1))
    with running(project, "work") as process:
        process.wait_for("works")
        process.press_ctrl_c()
        process.wait_for("slow cleans up")
        process.press_ctrl_c()
        assert process.wait() == -signal.SIGINT
    assert "slow is clean" in said(process.output)
    assert set(STOPPED) <= set(said(process.output))


def test_ctrl_c_three_times(project: Project) -> None:
    """The third one does not wait for what takes its time."""
    add_command(project, "work", ASYNC)
    add_lifespans(project, SLOW.format(where="stop", seconds=600))
    with running(project, "work") as process:
        process.wait_for("works")
        process.press_ctrl_c()
        process.wait_for("slow cleans up")
        while not process.has_ended:
            # Two that come at once are one to the process.
            process.press_ctrl_c()
            time.sleep(0.1)
        assert process.wait() != 0
    assert "slow is clean" not in process.output


HANDLED = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            try:
                say("works")
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                return "ended early"


    class Ignoring(BaseCommand):
        def handle(self, *args, **options):
            signal.signal(signal.SIGTERM, lambda *_: say("own handler"))
            call_command(Work())


    Work = Command
"""


def test_command_that_takes_it(project: Project) -> None:
    """A command may take the cancellation for the order to end, and end in peace."""
    add_command(project, "work", HANDLED)
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        assert process.wait() == 0
    expected = [*STARTED, "works", *STOPPED, "ended early"]
    assert process.output.splitlines() == expected


def test_handler_of_the_user(project: Project) -> None:
    """A handler that the user has set is called, and nothing else happens."""
    add_command(project, "work", HANDLED + "\n    Command = Ignoring\n")
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        process.wait_for("own handler")
        process.press_ctrl_c()
        assert process.wait() == 0
    assert process.output.splitlines()[-3:] == [*STOPPED, "ended early"][-3:]


FAILING = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            try:
                say("works")
                await asyncio.sleep(600)
            finally:
                raise OSError("while cleaning up")
"""


def test_cleanup_that_fails(project: Project) -> None:
    """An error of the command's own cleanup is told as every error is."""
    add_command(project, "work", FAILING)
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        assert process.wait() == 1
    assert said(process.output) == [*STARTED, "works", *STOPPED]
    assert re.search("OSError: while cleaning up\n$", process.output)


NESTED = """

    class Calling(LifespanCommand):
        lifespans = (db,)

        def handle(self, *args, **options):
            try:
                call_command(Work())
            finally:
                say("caller cleans up with", db.get())


    Work, Command = Command, Calling
"""


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_command_in_a_command(project: Project, text: str) -> None:
    """The inner one is unwound first."""
    add_command(project, "work", text + NESTED)
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        assert process.wait() == 143
    assert process.output.splitlines() == [
        "db starts",
        *WORKED,
        "caller cleans up with a pool",
        "db stops",
    ]


AGAIN = """

    class Calling(LifespanCommand):
        lifespans = (db,)

        def handle(self, *args, **options):
            try:
                call_command(Work())
                say("caller goes on")
            finally:
                signal.raise_signal(signal.SIGTERM)
                say("caller is clean")


    Work, Command = Command, Calling
"""


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_sigterm_twice_in_a_command_in_a_command(project: Project, text: str) -> None:
    """What has unwound the inner one is the order for the outer one, too."""
    add_command(project, "work", text + AGAIN)
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        assert process.wait() == 143
    assert process.output.splitlines()[-2:] == ["caller is clean", "db stops"]


def test_inner_command_that_takes_it(project: Project) -> None:
    """An inner one that has ended in peace leaves the outer one to the next order."""
    add_command(project, "work", HANDLED + AGAIN)
    with running(project, "work") as process:
        process.wait_for("works")
        process.terminate()
        assert process.wait() == 143
    assert process.output.splitlines()[-2:] == ["caller goes on", "db stops"]


@pytest.fixture(name="_default")
def _default_handler() -> Iterator[None]:
    """The handler of a process in which nobody, as a measuring of coverage, has one."""
    former = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, former)


@pytest.mark.usefixtures("_default")
def test_signal_before_the_first_step() -> None:
    """What has not begun when the signal comes does not begin."""
    with StopSignals(signal.SIGTERM) as signals:
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
        assert ended.value.code == 143
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(signals.cancelled(partial(asyncio.sleep, 600)))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_cancelled_by_others(registry: Registry) -> None:
    """A cancellation that no signal has asked for goes on as it is."""

    class Command(LifespanCommand):
        lifespan_registry = registry

        async def ahandle(self, *args: Any, **options: Any) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        call_command(Command(), skip_checks=True)


SCRIPT = """\
import django

django.setup()

import threading
from shop.management.commands.work import *

thread = threading.Thread(target=call_command, args=(Command(),))
thread.start()
thread.join()
"""


def test_in_another_thread(project: Project) -> None:
    """In another thread than the main one the handlers are nobody's business."""
    text = """
        class Command(LifespanCommand):
            def handle(self, *args, **options):
                say(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    """
    add_command(project, "work", text)
    result = project.python("-c", dedent(SCRIPT))
    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [*STARTED, "True", *STOPPED]
