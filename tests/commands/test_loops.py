"""On a second event loop: the error says what to call instead, and that works."""

from __future__ import annotations

from tests.commands.shop import add_command
from tests.project import Project

SYNC = """
    async def value():
        await asyncio.sleep(0)
        return search.get()


    class Command(LifespanCommand):
        def handle(self, *args, **options):
            try:
                asyncio.run(value())
            except Exception as error:
                say(type(error).__name__)
                say(error)
            assert self.lifespan_run.call(value) == "search in a pool"
            assert default_registry.current_run().call(value) == "search in a pool"
            assert async_to_sync(value)() == "search in a pool"
"""

ASYNC = """
    async def value():
        return search.get()


    def in_thread(run):
        try:
            asyncio.run(value())
        except Exception as error:
            say(type(error).__name__)
        assert search.get() == run.call(value) == "search in a pool"


    class Command(LifespanCommand):
        async def ahandle(self, *args, **options):
            await asyncio.to_thread(in_thread, self.lifespan_run)
"""


def test_sync_code(project: Project) -> None:
    """``asyncio.run`` in a command of sync code makes a loop of its own."""
    add_command(project, "work", SYNC)
    result = project.manage("work")

    assert (result.stderr, result.returncode) == ("", 0)
    kind, *message = result.stdout.splitlines()[2:-2]
    assert kind == "OtherEventLoopError"
    assert ".call(" in message[-1]


def test_thread_of_async_code(project: Project) -> None:
    """So does a thread of an async command that wants a loop of its own."""
    add_command(project, "work", ASYNC)
    result = project.manage("work")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines()[2:-2] == ["OtherEventLoopError"]
