"""Context managers and values that answer in odd ways: all that is open is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Status
from lifespan_registry.exceptions import (
    ShutdownError,
    ShutdownTimeoutError,
    StartFailedError,
    StartupError,
    StateKeyError,
)
from tests.tracked import tracked

SHORT = 0.05


class Unbound:
    """A proxy that raises for each name that it does not know."""

    def __getattr__(self, name: str) -> Any:
        text = f"nothing is behind this proxy that could have {name!r}"
        raise RuntimeError(text)


class Manager(Unbound):
    """Such a one as a context manager; its exit takes for ever."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *args: object) -> None:
        await asyncio.Event().wait()


async def test_proxy_that_hangs(registry: Registry, log: list[str]) -> None:
    """A proxy whose exit hangs is cancelled as others are; they are exited."""
    tracked(registry, log, "a")
    options: dict[str, Any] = {"requires": "a", "shutdown_timeout": SHORT}
    registry.on_lifespan(name="proxy", **options)(Manager)
    tracked(registry, log, "b", requires="proxy")

    with pytest.raises(ShutdownError) as caught:
        async with registry.run():
            log.append("up")

    assert log == ["+a", "+b", "up", "-b", "-a"]
    (error,) = caught.value.exceptions
    assert isinstance(error, ShutdownTimeoutError)
    assert error.at is None


async def test_proxy_without_exit_and_enter(registry: Registry, log: list[str]) -> None:
    """A proxy that is no context manager fails the start with what it says."""
    tracked(registry, log, "a")
    proxies = {"proxy": Unbound()}
    registry.on_lifespan(name="proxy", requires="a")(lambda: proxies["proxy"])

    with pytest.raises(StartupError, match=r"'proxy' .* RuntimeError: nothing is "):
        await registry.run().__aenter__()

    assert log == ["+a", "-a"]


class Closed(dict[str, int]):
    """A mapping that raises *error* when it is looked through."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(a=1)
        self.error = error

    def __iter__(self) -> Iterator[str]:
        raise self.error


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), OSError()])
async def test_mapping_that_raises(
    registry: Registry, log: list[str], error: BaseException
) -> None:
    """A value that cannot be published fails the start; it is exited like the rest."""
    tracked(registry, log, "a")

    @registry.on_lifespan(requires="a")
    async def odd() -> AsyncIterator[Closed]:
        log.append("+odd")
        yield Closed(error)
        log.append("-odd")

    tracked(registry, log, "b", requires="odd")
    run = registry.run()

    with pytest.raises((type(error), StartupError)) as caught:
        await run.__aenter__()

    came_out = caught.value
    if isinstance(came_out, StartupError):
        (came_out,) = came_out.exceptions
    assert came_out is error
    assert log == ["+a", "+odd", "-odd", "-a"]
    assert run.report["odd"].status is Status.FAILED
    assert run.report["odd"].error is error


async def test_key_that_is_taken_is_a_failure(
    registry: Registry, log: list[str]
) -> None:
    """One that has started and cannot publish its value is reported as failed."""
    tracked(registry, log, "cache")

    @registry.on_lifespan(requires="cache")
    async def more() -> AsyncIterator[dict[str, int]]:
        log.append("+more")
        yield {"queue": 1, "cache": 2}
        log.append("-more")

    run = registry.run()

    with pytest.raises(StartupError) as caught:
        await run.__aenter__()

    assert log == ["+cache", "+more", "-more", "-cache"]
    (error,) = caught.value.exceptions
    assert isinstance(error, StateKeyError)
    assert {name: one.status for name, one in run.report.items()} == {
        "cache": Status.STOPPED,
        "more": Status.FAILED,
    }
    assert run.report["more"].error is error
    assert dict(run.state) == {}
    with pytest.raises(StartFailedError):
        more.get()
