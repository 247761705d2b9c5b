"""Whether a process is ready and live, as orchestrators ask."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncClient, Client, override_settings
from django.urls import include, path, reverse

from lifespan_registry import Registry, Status
from lifespan_registry.exceptions import PlanError, StartupError
from lifespan_registry.health import Health, health
from tests.core.waiting import Gate, named, until
from tests.tracked import boom, tracked

urlpatterns = [path("lifespans/", include("lifespan_registry.urls"))]

READY = Health(Status.STARTED, ())


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    """The addresses of this module are those of the project."""
    with override_settings(ROOT_URLCONF=__name__):
        yield


async def test_from_start_to_stop(registry: Registry, log: list[str]) -> None:
    """It is ready when all have started, until the stop begins."""
    start, stop = Gate(), Gate()
    tracked(registry, log, "a", enter=start.wait, leave=stop.wait)
    tracked(registry, log, "b", requires="a")
    found = [health(registry)]

    async def look() -> None:
        for gate in (start, stop):
            await until(lambda gate=gate: gate.reached)
            found.append(health(registry))
            gate.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(look())
        async with registry.run():
            found.append(health(registry))
    found.append(health(registry))

    assert found == [
        Health(Status.WAITING, ("the lifespans have not been started",)),
        Health(Status.STARTING, ("the lifespans are starting", "'a' is starting")),
        READY,
        Health(Status.STOPPING, ("the lifespans are being stopped",)),
        Health(Status.STOPPED, ("the lifespans have been stopped",)),
    ]
    assert [one.is_ready for one in found] == [False, False, True, False, False]
    assert [one.is_live for one in found] == [True, True, True, True, False]


async def test_stop_that_is_announced(registry: Registry, log: list[str]) -> None:
    """It is ready no more from the moment that the stop is announced."""
    tracked(registry, log, "a")

    async with registry.run() as run:
        run.announce_stop()
        await run.stopping.wait()
        found = health(registry)

    assert found.status is Status.STOPPING
    assert (found.is_ready, found.is_live) == (False, True)


async def test_crash(registry: Registry, log: list[str]) -> None:
    """After a crash it is neither: nothing but a restart brings the lifespan back."""
    tracked(registry, log, "a")
    tracked(registry, log, "b")

    async with registry.run() as run:
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        found = health(registry)

    assert found == Health(
        Status.CRASHED, ("a lifespan has crashed", "'a' has crashed")
    )
    assert (found.is_ready, found.is_live) == (False, False)


async def test_failed_start(registry: Registry, log: list[str]) -> None:
    """A start that has failed is told without its error; the next one may go well."""
    gate = Gate()
    tracked(registry, log, "a", leave=gate.wait)
    tracked(registry, log, "b", requires="a", enter=boom("password=1234"))

    async def look() -> Health:
        await until(lambda: gate.reached)
        found = health(registry)
        gate.open()
        return found

    looking = asyncio.create_task(look())
    with pytest.raises(StartupError):
        await registry.run().__aenter__()

    text = "the lifespans have failed to start"
    assert await looking == Health(Status.FAILED, (text, "'b' has failed to start"))
    found = health(registry)
    assert found == Health(Status.FAILED, (text,))
    assert (found.is_ready, found.is_live) == (False, True)


async def test_plan_that_cannot_be_ordered(registry: Registry, log: list[str]) -> None:
    """Where nothing could be entered, the start has failed as well."""
    tracked(registry, log, "a", requires="nobody")

    with pytest.raises(PlanError):
        await registry.run().__aenter__()

    assert health(registry).status is Status.FAILED


def test_nothing_to_start(registry: Registry) -> None:
    """Without lifespans there is nothing to wait for."""
    assert health(registry) == READY


async def test_several_runs(registry: Registry, log: list[str]) -> None:
    """Of several the worst one counts; that of a server is the only one that does."""
    tracked(registry, log, "a")

    async with registry.run() as one, registry.run() as other:
        other.announce_stop()
        await other.stopping.wait()
        assert health(registry).status is Status.STOPPING
        one.serves = True
        assert health(registry) == READY


def test_other_thread(registry: Registry, log: list[str]) -> None:
    """A run in the event loop of another thread is one of this process."""
    tracked(registry, log, "a")

    with registry.run_in_thread():
        assert health(registry) == READY
        found: list[Health] = []
        thread = threading.Thread(target=lambda: found.append(health(registry)))
        thread.start()
        thread.join()

    assert found == [READY]


# --- the views ------------------------------------------------------------------------


def told(response: Any) -> tuple[int, Any]:
    """Return the status of *response*, and what its JSON says."""
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    return response.status_code, json.loads(response.content)


def test_addresses() -> None:
    """They have names, and are where the project puts them."""
    assert reverse("lifespans:ready") == "/lifespans/ready"
    assert reverse("lifespans:live") == "/lifespans/live"


async def test_views_under_asgi(default: Registry, log: list[str]) -> None:
    """They answer with 200 or 503, and with the reasons."""
    gate = Gate()
    tracked(default, log, "a")
    tracked(default, log, "b", leave=gate.wait)
    client = AsyncClient()

    async def ask(which: str) -> tuple[int, Any]:
        return told(await client.get(f"/lifespans/{which}"))

    async def look() -> None:
        await until(lambda: gate.reached)
        stopping = {
            "status": "stopping",
            "reasons": ["the lifespans are being stopped", "'a' has crashed"],
        }
        assert await ask("ready") == (503, stopping)
        assert await ask("live") == (200, stopping)
        gate.open()

    async with asyncio.TaskGroup() as tasks, default.run() as run:
        started: dict[str, Any] = {"status": "started", "reasons": []}
        assert await ask("ready") == await ask("live") == (200, started)
        named("lifespan a").cancel()
        await until(lambda: run.report["a"].error is not None)
        status, content = await ask("ready")
        assert (status, content["status"]) == (503, "crashed")
        assert (await ask("live"))[0] == 503
        tasks.create_task(look())


def test_views_under_wsgi(default: Registry, log: list[str]) -> None:
    """Under WSGI they answer likewise."""
    tracked(default, log, "a")
    client = Client()

    with default.run_in_thread():
        assert told(client.get("/lifespans/ready"))[0] == 200
        assert told(client.get("/lifespans/live"))[0] == 200
        assert client.head("/lifespans/ready").status_code == 200
        assert client.post("/lifespans/ready").status_code == 405
    assert told(client.get("/lifespans/ready"))[0] == 503


def test_nobody_has_to_log_in(default: Registry) -> None:
    """Middleware that lets in nobody without a login lets these through."""
    middleware = (
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    )
    installed = (
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "lifespan_registry",
    )
    signed = "django.contrib.sessions.backends.signed_cookies"
    with override_settings(
        MIDDLEWARE=middleware, INSTALLED_APPS=installed, SESSION_ENGINE=signed
    ):
        for which in ("ready", "live"):
            assert Client().get(f"/lifespans/{which}").status_code in (200, 503)
