"""The child of a fork has none of the parent's lifespans, and is told so."""

from __future__ import annotations

import pytest

from tests.commands.shop import STARTED, STOPPED, add_command
from tests.project import Project

HOW = """
    async def where():
        return asyncio.get_running_loop()


    def in_child(run):
        try:
            say("child has", search.get())
        except Exception as error:
            say("child:", type(error).__name__)
        try:
            run.call(where)
        except Exception as error:
            say("child:", type(error).__name__)
        with default_registry.run_in_thread(only=search):
            say("child has its own", search.get())


    def fork(run):
        pid = os.fork()
        if pid == 0:
            in_child(run)
            os._exit(0)
        assert os.waitpid(pid, 0) == (pid, 0)


    def process(run):
        import multiprocessing

        child = multiprocessing.get_context("fork").Process(
            target=in_child, args=(run,)
        )
        child.start()
        child.join()
        assert child.exitcode == 0
"""

ASYNC = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            {}(self.lifespan_run)
            say("parent has", search.get())
"""

SYNC = """
    class Command(LifespanCommand):
        def handle(self, *args, **options):
            {}(self.lifespan_run)
            say("parent has", search.get())
"""


@pytest.mark.parametrize("text", [ASYNC, SYNC], ids=["async", "sync"])
@pytest.mark.parametrize("how", ["fork", "process"])
def test_child(project: Project, text: str, how: str) -> None:
    """It gets a clear error, not the parent's value; the parent goes on."""
    add_command(project, "work", HOW + text.format(how))
    # From 3.12 on, Python warns of a fork in a process that has threads.
    result = project.python("-W", "ignore::DeprecationWarning", "-m", "django", "work")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [
        *STARTED,
        "child: ForkedError",
        "child: CallOutsideRunError",
        *STARTED,
        "child has its own search in a pool",
        *STOPPED,
        "parent has search in a pool",
        *STOPPED,
    ]


ENDED = """
    def stay(up):
        # Python forgets a signal that comes before the child is up.
        up.wait()
        time.sleep(600)


    def children():
        from multiprocessing import get_context

        fork = get_context("fork")
        up = fork.Barrier(2)
        child = fork.Process(target=stay, args=(up,))
        child.start()
        up.wait()
        child.terminate()
        child.join()
        say(child.exitcode)
        up = fork.Barrier(3)
        with fork.Pool(2, up.wait) as pool:
            up.wait()
            pool.apply_async(time.sleep, (600,))
            say(pool.map(abs, [-1, -2]))
        say("pool is left")


    class Command(LifespanCommand):
        {}:
            {}
"""


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("async def ahandle(self, *args, **options)", "children()"),
        ("async def ahandle(self, **options)", "await sync_to_async(children)()"),
        ("def handle(self, *args, **options)", "children()"),
    ],
    ids=["async", "thread", "sync"],
)
def test_child_is_ended(
    project: Project, method: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends by SIGTERM, as the child of any other command; the parent goes on."""
    # Coverage has a handler of its own, to which a child blocked in C never gets: with
    # it, 8 of 30 hung on a busy machine, and without it none of 30.
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "")
    add_command(project, "work", ENDED.format(method, call))
    result = project.python("-W", "ignore::DeprecationWarning", "-m", "django", "work")

    assert (result.stderr, result.returncode) == ("", 0)
    said = ["-15", "[1, 2]", "pool is left"]
    assert result.stdout.splitlines() == [*STARTED, *said, *STOPPED]


INTERRUPTED = """
    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            pid = os.fork()
            if pid == 0:
                try:
                    signal.raise_signal(signal.SIGINT)
                except KeyboardInterrupt:
                    say("child is interrupted")
                os._exit(0)
            assert os.waitpid(pid, 0) == (pid, 0)
            await asyncio.sleep(0)
            say("parent goes on")
"""


def test_child_is_interrupted(project: Project) -> None:
    """Ctrl-C interrupts it where it is, and is nothing to the parent's loop."""
    add_command(project, "work", INTERRUPTED)
    result = project.python("-W", "ignore::DeprecationWarning", "-m", "django", "work")

    assert (result.stderr, result.returncode) == ("", 0)
    said = ["child is interrupted", "parent goes on"]
    assert result.stdout.splitlines() == [*STARTED, *said, *STOPPED]
