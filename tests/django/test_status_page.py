"""The page of what runs here, as HTML and as JSON: what it says, and to whom."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncClient, AsyncRequestFactory, Client, override_settings
from django.urls import include, path

from lifespan_registry import Registry, Status
from lifespan_registry._core.running import Running
from lifespan_registry.exceptions import StartupError
from lifespan_registry.views import staff_only, status
from tests.core.waiting import Gate, until
from tests.pictures import runs
from tests.pictures.drawn import HOSTILE, hostile, two_hundred
from tests.pictures.runs import report
from tests.tracked import boom, tracked

urlpatterns = [
    path("status/", status),
    path("lifespans/", include("lifespan_registry.urls")),
]


@pytest.fixture(autouse=True)
def _urls() -> Iterator[None]:
    """The addresses of this module are those of the project."""
    with override_settings(ROOT_URLCONF=__name__, TIME_ZONE="Asia/Kolkata"):
        yield


async def told() -> Any:
    """Return the JSON."""
    response = await AsyncClient().get("/status/", {"format": "json"})
    assert response.status_code == 200
    return response.json()


async def shown() -> str:
    """Return the page."""
    response = await AsyncClient().get("/status/")
    assert response.status_code == 200
    return response.content.decode()


async def test_facts(default: Registry, log: list[str]) -> None:
    """JSON has all that the report has, of this process."""
    tracked(default, log, "db", startup_timeout=float("inf"), tags={"web", "api"})
    tracked(default, log, "search", requires="db")
    tracked(default, log, "metrics", enabled=False)

    async with default.run() as run:
        facts = await told()
        found = run.report

    assert (facts["status"], facts["reasons"]) == ("started", [])
    assert facts["process"]["pid"] == os.getpid()
    assert facts["process"]["server"] == ""
    (one,) = facts["runs"]
    assert one["status"] == "started"
    assert one["started_in"] == found.started_in
    assert one["started_at"] == moment(found.started_at)
    assert one["stopped_at"] is None
    assert one["critical_path"] == ["db", "search"]
    assert one["absent"] == {"metrics": "is disabled by its enabled="}
    db, search = one["lifespans"]
    assert (db["name"], db["status"], db["word"]) == ("db", "started", "started")
    assert (db["startup_timeout"], db["shutdown_timeout"]) == (None, 10)
    assert db["tags"] == ["api", "web"]
    assert db["file"] == found["db"].origin.file
    assert db["since"] == db["started_at"] == moment(found["db"].started_at)
    assert db["startup_seconds"] == found["db"].startup_seconds
    assert (db["stop_began"], db["stopped_at"], db["error"]) == (None, None, None)
    assert db["is_critical"]
    assert search["waits_for"] == [{"name": "db", "why": "requires 'db'"}]


def moment(value: Any) -> str:
    """Write a moment as JSON has it."""
    return str(value.isoformat(timespec="milliseconds"))


async def test_page(default: Registry, log: list[str]) -> None:
    """The page has each of them, both pictures, and which process it is."""
    tracked(default, log, "db", tags="web")
    tracked(default, log, "search", requires="db")
    tracked(default, log, "metrics", enabled=False)

    async with default.run():
        text = await shown()

    assert "<strong>all 2 lifespans have started</strong>" in text
    assert f'<b id="lifespans-pid">{os.getpid()}</b>' in text
    assert text.count("<svg ") == 2
    assert "Up since " in text
    assert "tests/tracked.py:" in text
    assert "tags: web" in text
    assert "<b>metrics</b> is disabled by its enabled=" in text
    assert "+0530" in text or "IST" in text
    # It loads nothing from elsewhere.
    assert not re.findall(r'(?:src|href)="(?!data:)(?!#)', text)


async def test_policy(default: Registry) -> None:
    """Of scripts, its policy allows its own alone."""
    response = await AsyncClient().get("/status/")
    text = response.content.decode()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "no-store" in response.headers["Cache-Control"]


async def test_crash(default: Registry, log: list[str]) -> None:
    """What one has crashed of is there, with its traceback."""
    gate = Gate()

    @default.on_lifespan(name="consumer")
    async def consumer() -> Any:
        async def work() -> None:
            await gate.wait()
            raise OSError("no route to <broker>")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work())
            yield None

    async with default.run() as run:
        gate.open()
        await until(lambda: run.report["consumer"].error is not None)
        facts, text = await told(), await shown()

    assert facts["status"] == "crashed"
    (one,) = facts["runs"][0]["lifespans"]
    assert one["status"] == "crashed"
    assert one["since"] == one["stop_began"]
    assert "OSError: no route to <broker>" in one["error"]["text"]
    assert 'raise OSError("no route to <broker>")' in one["error"]["traceback"]
    assert "no route to &lt;broker&gt;" in text
    assert "<broker>" not in text
    assert "<strong>&#x27;consumer&#x27; has crashed</strong>" in text
    assert "Nothing but a restart of this process" in text


async def test_start_and_stop(default: Registry, log: list[str]) -> None:
    """While it starts and while it stops, it says so of each of them."""
    start, stop = Gate(), Gate()
    tracked(default, log, "a", enter=start.wait, leave=stop.wait)
    tracked(default, log, "b", requires="a")
    seen: list[Any] = []
    texts: list[str] = []

    async def look() -> None:
        for gate in (start, stop):
            await until(lambda gate=gate: gate.reached)
            seen.append(await told())
            texts.append(await shown())
            gate.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(look())
        async with default.run():
            pass

    rows = [[one["word"] for one in facts["runs"][0]["lifespans"]] for facts in seen]
    assert rows == [["starting", "waiting"], ["stopping", "stopped"]]
    since = [[one["since"] for one in facts["runs"][0]["lifespans"]] for facts in seen]
    assert [one is None for row in since for one in row] == [False, True, False, False]
    assert "<strong>the lifespans are starting</strong>" in texts[0]
    assert '<div class="look stopping"><b>a</b> stopping' in texts[1]


async def test_nothing_has_run(
    default: Registry, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a first start it says how the plan is seen."""
    monkeypatch.setattr(default, "_running", Running())
    tracked(default, log, "a")

    facts, text = await told(), await shown()

    assert (facts["status"], facts["runs"]) == ("waiting", [])
    assert "manage.py lifespans</code> lists what would start" in text


async def test_failed_start(default: Registry, log: list[str]) -> None:
    """After a start that has failed it says where the reason is."""
    tracked(default, log, "a", enter=boom("no route"))
    with pytest.raises(StartupError):
        async with default.run():
            pass

    facts, text = await told(), await shown()

    assert (facts["status"], facts["runs"]) == ("failed", [])
    assert facts["last_failure"].endswith("RuntimeError: no route")
    assert "The last start has failed, of &#x27;a&#x27; (tests/tracked.py:" in text


async def test_nothing_is_registered(default: Registry) -> None:
    """Where there is none, it says how one is written."""
    text = await shown()
    assert "<strong>no lifespan is registered</strong>" in text
    assert "<code>@on_lifespan</code>" in text


async def test_one(default: Registry, log: list[str]) -> None:
    """One is not all."""
    tracked(default, log, "a")
    async with default.run():
        assert "<strong>the one lifespan has started</strong>" in await shown()


async def test_hostile_names(default: Registry) -> None:
    """Names that are markup stay text."""
    hostile(default)
    async with default.run():
        facts, text = await told(), await shown()
    assert [one["name"] for one in facts["runs"][0]["lifespans"]] == list(HOSTILE)
    assert "<img" not in text
    assert text.count("<script>") == 1


async def test_two_hundred(default: Registry) -> None:
    """Two hundred are all there; of long lists, the first are named."""
    two_hundred(default)
    async with default.run():
        text = await shown()
    assert text.count('role="rowheader"') == 200
    assert "and 191 more" in text


class Nobody:
    """Who has not logged in."""

    is_active = is_authenticated = False


async def test_login_that_would_wait(default: Registry, log: list[str]) -> None:
    """While the lifespans start, nobody is sent to a login that waits for them."""
    gate = Gate()
    tracked(default, log, "a", enter=gate.wait)
    request: Any = AsyncRequestFactory().get("/lifespans/")
    request.user = Nobody()
    answers = []

    async def look() -> None:
        await until(lambda: gate.reached)
        answers.append(await staff_only(status)(request))
        gate.open()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(look())
        async with default.run():
            pass

    (answer,) = answers
    assert answer.status_code == 503
    assert "nobody can log in" in answer.content.decode()


class UnprintableError(Exception):
    """One whose text cannot be had, whoever asks."""

    def __str__(self) -> str:
        raise SystemExit


def deep(levels: int) -> Exception:
    """Return an error in a group in a group, and so on."""
    error: Exception = OSError()
    for _ in range(levels):
        error = ExceptionGroup("", [error])
    return error


@pytest.mark.parametrize(
    "error",
    [
        UnprintableError(),
        OSError("no text: \udce9"),
        deep(3000),
        ExceptionGroup("", [OSError(str(place)) for place in range(20000)]),
    ],
    ids=["unprintable", "no text", "deep", "many"],
)
async def test_odd_errors(
    default: Registry, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever one of them has crashed of, the page and the JSON tell of all."""
    one = report(runs.one("odd", (0, 1), error=error, status=Status.CRASHED))
    monkeypatch.setattr(default, "reports", lambda: [one])

    facts = await told()
    response = await AsyncClient().get("/status/")

    assert facts["runs"][0]["lifespans"][0]["status"] == "crashed"
    assert facts["runs"][0]["lifespans"][0]["error"]["text"]
    assert response.status_code == 200
    assert len(response.content) < 100_000


async def test_clock_that_is_set_back(
    default: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that seems to begin in the future is drawn, too."""
    later = (dt.datetime.now(dt.UTC) - runs.ZERO).total_seconds() + 3600
    one = report(runs.one("db", (later, None), status=Status.STARTING))
    monkeypatch.setattr(default, "reports", lambda: [one])
    assert "<b>db</b> starting" in await shown()


async def test_numbers_are_plain(default: Registry, log: list[str]) -> None:
    """A process is no amount of something, in no language."""
    tracked(default, log, "a")
    with override_settings(USE_THOUSAND_SEPARATOR=True, LANGUAGE_CODE="de"):
        async with default.run():
            text = await shown()
    assert f'<b id="lifespans-pid">{os.getpid()}</b>' in text


async def test_nobody_takes_part(default: Registry, log: list[str]) -> None:
    """Where all are left out, it says so, and why."""
    tracked(default, log, "a", enabled=False)
    async with default.run():
        text = await shown()
    assert "<strong>no lifespan takes part</strong>" in text
    assert "<b>a</b> is disabled by its enabled=" in text


async def test_several_runs(default: Registry, log: list[str]) -> None:
    """Each run of the process has its own part."""
    tracked(default, log, "a")
    async with default.run(), default.run():
        text = await shown()
    assert "Run 1: started" in text
    assert "Run 2: started" in text


async def test_unknown_format(default: Registry) -> None:
    """A format that does not exist is refused with those that do."""
    response = await AsyncClient().get("/status/", {"format": "<xml>"})
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/plain")
    expected = "There is no format '<xml>': leave it out for the page, or say json.\n"
    assert response.content.decode() == expected


def test_wsgi(default: Registry, log: list[str]) -> None:
    """Under WSGI it serves as well; the server says itself who it is."""
    tracked(default, log, "a")
    with default.run_in_thread():
        response = Client().get("/status/?format=json", SERVER_SOFTWARE="gunicorn/24.1")
    assert response.json()["process"]["server"] == "gunicorn/24.1"
    assert len(response.json()["runs"]) == 1


@pytest.mark.parametrize("query", ["", "?format=json"])
async def test_nobody_is_staff(default: Registry, query: str) -> None:
    """A project without users shows it to nobody, and says what to do."""
    response = await AsyncClient().get(f"/lifespans/{query}")
    assert response.status_code == 403
    text = response.content.decode()
    assert "AuthenticationMiddleware is not\nin MIDDLEWARE" in text
    assert "lifespan_registry.views.status" in text
