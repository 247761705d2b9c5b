"""Every form of a lifespan is entered and exited where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry.exceptions import NotAContextManagerError, Origin, StartupError
from tests.core.forms import ASYNC, SYNC, Make, SyncManager, agen


@pytest.mark.parametrize("make", ASYNC)
async def test_async_form(make: Make, registry: Registry, log: list[str]) -> None:
    """Each async form is entered, yields its value, and is exited, on the loop."""
    threads: list[threading.Thread] = []

    def note(text: str) -> None:
        log.append(text)
        threads.append(threading.current_thread())

    one = make(registry, note)
    async with registry.run():
        log.append(one.get())

    assert log == ["+", "value", "-"]
    assert threads == [threading.current_thread()] * 2
    assert registry.plan().names == (one.name,) == ("one",)


@pytest.mark.parametrize("make", SYNC)
async def test_sync_form(make: Make, registry: Registry, log: list[str]) -> None:
    """Each sync form is entered and exited in one thread, which is not the loop's."""
    threads: list[threading.Thread] = []

    def note(text: str) -> None:
        log.append(text)
        threads.append(threading.current_thread())

    one = make(registry, note)
    async with registry.run():
        log.append(one.get())

    assert log == ["+", "value", "-"]
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()


FORGOT = "Did you forget the yield?"
DECORATE = "Put @asynccontextmanager on it (@contextmanager where it is sync)."


@pytest.mark.parametrize(
    ("function", "returned", "hint"),
    [
        (lambda: 5, "an object of type int", FORGOT),
        (lambda: {}.get("nothing") or None, "None", FORGOT),
        (lambda: agen(print), "an object of type async_generator", DECORATE),
    ],
)
async def test_what_is_returned_is_no_manager(
    function: Callable[[], Any], returned: str, hint: str, registry: Registry
) -> None:
    """A callable whose result is no context manager fails at the start, by name."""
    registry.on_lifespan(name="one")(function)
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()

    (error,) = caught.value.exceptions
    assert type(error) is NotAContextManagerError
    origin = Origin("one", __file__, function.__code__.co_firstlineno)
    assert str(error) == (
        f"{origin} returned {returned}, which is no context manager (it has neither "
        f"__aenter__ nor __enter__). {hint}"
    )


async def test_sync_promise_not_kept(registry: Registry) -> None:
    """A callable that promises a sync manager and returns none fails at the start."""

    @registry.on_lifespan
    def one() -> SyncManager:
        return 5  # type: ignore[return-value]

    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    assert [type(error) for error in caught.value.exceptions] == [
        NotAContextManagerError
    ]


async def test_object_with_an_async_call(registry: Registry) -> None:
    """An object whose call returns a coroutine fails at the start, with no warning."""

    class Connect:
        async def __call__(self) -> None: ...

    registry.on_lifespan(name="one")(Connect())
    with pytest.raises(StartupError) as caught:
        await registry.run().__aenter__()
    (error,) = caught.value.exceptions
    assert isinstance(error, NotAContextManagerError)
    assert error.returned == "an object of type coroutine"
