"""``LifespanCommand``: what runs when, on which loop, and what comes out."""

from __future__ import annotations

import asyncio
import signal
from io import StringIO
from textwrap import dedent
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import CommandError, call_command
from django.core.management.base import LabelCommand

from lifespan_registry import Registry, Run
from lifespan_registry.exceptions import Origin, StartupError
from lifespan_registry.management import base
from lifespan_registry.management.base import LifespanCommand
from lifespan_registry.servers.view_loop import ViewLoop
from tests.commands.shop import (
    LIFESPANS,
    STARTED,
    STOPPED,
    add_command,
    add_lifespans,
)
from tests.project import Project
from tests.tracked import tracked

ASYNC = """
    class Command(LifespanCommand):
        def add_arguments(self, parser):
            parser.add_argument("word")

        async def ahandle(self, *args, word, **options):
            assert db.get() == "a pool"
            assert self.lifespan_run.loop is asyncio.get_running_loop()
            assert threading.current_thread() is threading.main_thread()
            say("works")
            return f"returns {word}"
"""

SYNC = """
    async def where():
        return asyncio.get_running_loop(), search.get()


    class Command(LifespanCommand):
        def add_arguments(self, parser):
            parser.add_argument("word")

        def handle(self, *args, word, **options):
            expected = self.lifespan_run.loop, search.get()
            assert self.lifespan_run.call(where, timeout=5) == expected
            assert async_to_sync(where)() == expected
            say("works")
            return f"returns {word}"
"""


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_whole_course(project: Project, text: str) -> None:
    """Lifespans are up while the command works; its result is printed after them."""
    add_command(project, "work", text)
    result = project.manage("work", "this")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [
        *STARTED,
        "works",
        *STOPPED,
        "returns this",
    ]


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_arguments_come_first(project: Project, text: str) -> None:
    """``--help`` starts nothing, and neither does a slip in the arguments."""
    add_command(project, "work", text)
    helped = project.manage("work", "--help")
    refused = project.manage("work")

    assert helped.returncode == 0
    assert helped.stdout.startswith("usage:")
    assert "starts" not in helped.stdout
    assert (refused.stdout, refused.returncode) == ("", 2)


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_checks_come_first(project: Project, text: str) -> None:
    """A failed system check starts nothing; the check of migrations is over before."""
    add_command(project, "work", text + "        requires_migrations_checks = True\n")
    project.write({"shop/models.py": "", "shop/migrations/0001_initial.py": MIGRATION})
    unmigrated = project.manage("work", "this")
    add_lifespans(project, FAILING.format("pass", "pass").replace("search", "serach"))
    refused = project.manage("work", "this")

    before, _, after = unmigrated.stdout.partition("Run 'python manage.py migrate'")
    assert "1 unapplied migration(s)" in before
    assert after.splitlines()[1:3] == STARTED
    assert (refused.stdout, refused.returncode) == ("", 1)
    assert "lifespan_registry.E005" in refused.stderr


MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
"""


class Chosen(LifespanCommand):
    """Asks for some of the lifespans."""

    seen: tuple[str, ...] = ()

    async def ahandle(self, *args: Any, **options: Any) -> None:
        self.seen = tuple(self.lifespan_run.report)


def test_choice(registry: Registry, log: list[str]) -> None:
    """``lifespans``, ``lifespan_skip`` and ``lifespan_tags`` choose what is started."""
    db = tracked(registry, log, "db")
    search = tracked(registry, log, "search", requires=db, tags="worker")
    tracked(registry, log, "mail", tags={"web"})
    tracked(registry, log, "metrics")

    def seen(**choice: Any) -> tuple[str, ...]:
        command = type("Command", (Chosen,), choice)(stdout=StringIO())
        command.lifespan_registry = registry
        call_command(command, skip_checks=True)
        assert not hasattr(command, "lifespan_run")
        return tuple(sorted(command.seen))

    assert seen() == ("db", "mail", "metrics", "search")
    assert seen(lifespans=search) == ("db", "search")
    assert seen(lifespans=["metrics", db]) == ("db", "metrics")
    assert seen(lifespan_skip=("mail",)) == ("db", "metrics", "search")
    assert seen(lifespan_tags={"worker"}) == ("db", "metrics", "search")
    assert seen(lifespan_tags=()) == ("db", "metrics")


def test_choice_that_is_wrong(registry: Registry, log: list[str]) -> None:
    """A name that nobody has is a CommandError with near misses."""
    tracked(registry, log, "search")
    command = Chosen()
    command.lifespan_registry = registry
    command.lifespans = "serach"

    with pytest.raises(CommandError, match="Did you mean 'search'"):
        call_command(command, skip_checks=True)
    assert log == []


def test_other_commands_as_base(registry: Registry, log: list[str]) -> None:
    """Django's own kinds of commands have lifespans likewise."""
    tracked(registry, log, "db")

    class Labels(LifespanCommand, LabelCommand):
        lifespan_registry = registry

        def handle_label(self, label: str, **options: Any) -> str:
            return f"{label} of {list(self.lifespan_run.report)}"

    out = StringIO()
    call_command(Labels(stdout=out), "one", "two", skip_checks=True)
    assert out.getvalue() == "one of ['db']\ntwo of ['db']\n"


FAILING = """
    @on_lifespan(requires="search")
    async def mail():
        {}
        yield
        {}
"""


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_failed_start(project: Project, text: str) -> None:
    """It is told in the words of the library; ``--traceback`` shows all of it."""
    add_command(project, "work", text)
    add_lifespans(project, FAILING.format("raise OSError('no route')", "pass"))
    failed = project.manage("work", "this")
    traced = project.manage("work", "this", "--traceback")

    assert failed.stdout.splitlines() == [*STARTED, *STOPPED]
    assert failed.returncode == 1
    assert failed.stderr.splitlines() == [
        "CommandError: 1 lifespan failed to start:",
        "    'mail' (shop/lifespans.py:24): OSError: no route",
    ]
    assert traced.returncode == 1
    for word in ("Traceback", "in mail", "OSError: no route", "StartupError"):
        assert word in traced.stderr


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
def test_failed_stop(project: Project, text: str) -> None:
    """A failed stop is an error, too, though the command itself has done its work."""
    add_command(project, "work", text)
    add_lifespans(project, FAILING.format("pass", "raise OSError('no route')"))
    failed = project.manage("work", "this")

    assert failed.stdout.splitlines() == [*STARTED, "works", *STOPPED]
    assert failed.returncode == 1
    assert failed.stderr.splitlines() == [
        "CommandError: 1 lifespan failed to stop:",
        "    'mail' (shop/lifespans.py:24): OSError: no route",
    ]


class Raising:
    """A command that raises what a run would raise, and that is its own error."""

    error = StartupError([(Origin("db", "db.py", 1), OSError("no route"))])

    def work(self) -> None:
        raise self.error


class AsyncRaising(Raising, LifespanCommand):
    """Raises on the loop."""

    async def ahandle(self, *args: Any, **options: Any) -> None:
        self.work()


class SyncRaising(Raising, LifespanCommand):
    """Raises in its thread."""

    def handle(self, *args: Any, **options: Any) -> None:
        self.work()


@pytest.mark.parametrize("kind", [AsyncRaising, SyncRaising])
def test_own_error(kind: type[Raising], registry: Registry, log: list[str]) -> None:
    """What the command raises goes on as it is, when the lifespans are stopped."""
    tracked(registry, log, "db")
    command: Any = kind()
    command.lifespan_registry = registry

    with pytest.raises(StartupError) as raised:
        call_command(command, skip_checks=True)
    assert raised.value is Raising.error
    assert log == ["+db", "-db"]


def test_handler_of_another(registry: Registry, log: list[str]) -> None:
    """A handler of SIGTERM that somebody has set is left alone, before and after."""
    tracked(registry, log, "db")

    class Command(LifespanCommand):
        lifespan_registry = registry
        change = False

        def handle(self, *args: Any, **options: Any) -> None:
            log.append(str(signal.getsignal(signal.SIGTERM)))
            if self.change:
                signal.signal(signal.SIGTERM, print)

    command = Command()
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        call_command(command, skip_checks=True)
        assert log[1:-1] == [str(signal.SIG_IGN)]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        call_command(command, skip_checks=True)
        assert "_on_signal" in log[-2]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        command.change = True
        call_command(command, skip_checks=True)
        assert signal.getsignal(signal.SIGTERM) is print
    finally:
        signal.signal(signal.SIGTERM, former)


# --- called by other code ------------------------------------------------------------


class Where(LifespanCommand):
    """Looks where it is."""

    loop: asyncio.AbstractEventLoop | None = None
    run_loop: asyncio.AbstractEventLoop | None = None
    seen_run: Run | None = None


class AsyncWhere(Where):
    """Looks on the loop."""

    async def ahandle(self, *args: Any, **options: Any) -> str:
        self.loop, self.run_loop = asyncio.get_running_loop(), self.lifespan_run.loop
        await sync_to_async(str)("the thread that waits is at hand")
        return "done"


class SyncWhere(Where):
    """Looks from a thread."""

    def handle(self, *args: Any, **options: Any) -> str:
        self.loop, self.run_loop = async_to_sync(_loop)(), self.lifespan_run.loop
        return "done"


async def _loop() -> asyncio.AbstractEventLoop:
    await sync_to_async(str)("the thread that waits is at hand")
    return asyncio.get_running_loop()


@pytest.mark.parametrize("kind", [AsyncWhere, SyncWhere])
async def test_called_on_a_loop(
    kind: type[Where], registry: Registry, log: list[str]
) -> None:
    """On a loop it says what to do; what it says works."""
    tracked(registry, log, "db")
    command = kind(stdout=StringIO())
    command.lifespan_registry = registry

    with pytest.raises(SynchronousOnlyOperation) as refused:
        call_command(command, skip_checks=True)
    assert str(refused.value) == (
        "The command 'test_command' was called on an event loop that is running, "
        "which it would block. Call it in a thread: await sync_to_async(call_command)"
        '("test_command", ...).'
    )
    assert log == []

    assert await sync_to_async(call_command)(command, skip_checks=True) == "done"
    assert command.loop is command.run_loop
    assert await asyncio.to_thread(call_command, command, skip_checks=True) == "done"
    assert command.loop is command.run_loop
    assert log == ["+db", "-db"] * 2


def test_thread_is_as_before(registry: Registry, log: list[str]) -> None:
    """After a command of sync code `async_to_sync` goes where it went before."""
    tracked(registry, log, "db")

    async def main() -> None:
        def work() -> None:
            assert async_to_sync(_loop)() is loop
            command = SyncWhere(stdout=StringIO())
            command.lifespan_registry = registry
            call_command(command, skip_checks=True)
            assert command.loop is command.run_loop is not loop
            assert async_to_sync(_loop)() is loop

        loop = asyncio.get_running_loop()
        await sync_to_async(work)()

    asyncio.run(main())


def test_without_the_internal_of_asgiref(
    registry: Registry,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without it a warning says so, once; the command works, and so does call()."""
    tracked(registry, log, "db")
    monkeypatch.setattr(base, "view_loop", ViewLoop())
    monkeypatch.delattr(SyncToAsync, "threadlocal")

    class Command(LifespanCommand):
        lifespan_registry = registry

        def handle(self, *args: Any, **options: Any) -> None:
            log.append(self.lifespan_run.call(_name, timeout=5))

    async def _name() -> str:
        return "called"

    call_command(Command(), skip_checks=True)
    assert log == ["+db", "called", "-db"]
    assert len(caplog.records) == 1
    assert "With this version of asgiref" in caplog.text


ORM = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            from django.contrib.auth.models import Group

            return str(await Group.objects.acount())
"""

TESTS = """
    from asgiref.sync import sync_to_async
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.test import TestCase


    class Tests(TestCase):
        def setUp(self):
            Group.objects.create(name="one")

        def test_sync(self):
            self.assertEqual(call_command("work"), "1")

        async def test_async(self):
            self.assertEqual(await sync_to_async(call_command)("work"), "1")
"""


def test_orm_in_a_test_case(project: Project) -> None:
    """In a ``TestCase`` the ORM of an async command sees the test's transaction."""
    apps = ["django.contrib.contenttypes", "django.contrib.auth"]
    settings = (project.root / "settings.py").read_text(encoding="utf-8")
    project.write({"settings.py": f"{settings}INSTALLED_APPS += {apps}\n"})
    project.write({"shop/lifespans.py": LIFESPANS, "shop/tests.py": TESTS})
    add_command(project, "work", ORM)
    result = project.manage("test")
    assert result.returncode == 0, result.stderr


CONNECTED = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            from django.db import connections

            def connect():
                connections["default"].ensure_connection()
                return connections["default"]

            kept = await sync_to_async(connect)()
            assert kept.connection is not None
            atexit.register(lambda: say("at exit:", kept.connection))
"""


def test_connections_are_closed(project: Project) -> None:
    """So are those of the thread that the ORM uses in async code."""
    add_command(project, "work", "import atexit\n" + dedent(CONNECTED))
    result = project.manage("work")
    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [*STARTED, *STOPPED, "at exit: None"]


# --- slips ---------------------------------------------------------------------------


def test_both() -> None:
    """A command with both methods is refused where it is defined."""
    with pytest.raises(TypeError) as refused:

        class Both(AsyncWhere):
            def handle(self, *args: Any, **options: Any) -> None: ...

    assert str(refused.value) == (
        "tests.commands.test_command.test_both.<locals>.Both: it has both handle() and "
        "ahandle(), and only one of them can be run. Keep ahandle() if it awaits "
        "something, handle() if not."
    )


def test_wrong_colour() -> None:
    """So is a handle() that is async, and an ahandle() that is not."""
    with pytest.raises(TypeError, match=r"Async: .* coroutine function: call it ahan"):

        class Async(LifespanCommand):
            async def handle(self, *args: Any, **options: Any) -> None: ...

    with pytest.raises(TypeError, match=r"Sync: .* not a .* write async def, or call"):

        class Sync(LifespanCommand):
            def ahandle(self, *args: Any, **options: Any) -> None: ...


ALL = "'lifespan_registry' or 'lifespan_run' or 'lifespan_skip' or 'lifespan_tags' or "


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("lifespan", "'lifespans'"),
        ("lifespan_tag", "'lifespan_tags'"),
        ("lifespans_skip", "'lifespan_skip'"),
        ("lifespanwise_and_otherwise", f"{ALL}'lifespans'"),
    ],
)
def test_unknown_attribute(slip: str, meant: str) -> None:
    """An attribute that would be ignored is refused, wherever it comes from."""
    text = f"tests.commands.test_command.Command: nobody reads its attribute {slip!r}. "
    mixin = type("Mixin", (), {slip: "db"})
    for bases, own in ((Chosen,), {slip: "db"}), ((mixin, Chosen), {}):
        with pytest.raises(TypeError) as refused:
            type("Command", bases, dict(own))
        assert str(refused.value) == f"{text}Did you mean {meant}?"


def test_forgotten_await(registry: Registry, log: list[str]) -> None:
    """A coroutine that nobody has awaited is no result; the lifespans are stopped."""
    tracked(registry, log, "db")

    class Command(LifespanCommand):
        lifespan_registry = registry

        async def ahandle(self, *args: Any, **options: Any) -> Any:
            return asyncio.sleep(0)

    with pytest.raises(TypeError) as refused:
        call_command(Command(), skip_checks=True)
    assert str(refused.value) == (
        "ahandle() has returned a coroutine: is an await missing?"
    )
    assert log == ["+db", "-db"]


def test_neither(registry: Registry, log: list[str]) -> None:
    """A command with neither says what to write, before anything is started."""
    tracked(registry, log, "db")
    command = Where()
    command.lifespan_registry = registry
    with pytest.raises(NotImplementedError) as refused:
        call_command(command, skip_checks=True)
    assert str(refused.value) == (
        "tests.commands.test_command.Where has nothing to do: write its async def "
        "ahandle(self, *args, **options), or handle() for sync code."
    )
    assert log == []
