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
