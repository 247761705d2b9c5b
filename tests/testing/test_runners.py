"""The mixins in a whole project: its database, its users, under each test runner."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project import Project, shop

SETTINGS = """
INSTALLED_APPS += [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE += [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lifespan_registry.middleware.LifespanStateMiddleware",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_URL = "static/"
"""

LIFESPANS = """\
import asyncio
import os

from lifespan_registry import on_lifespan


def note(word):
    with open("log.txt", "a") as log:
        log.write(f"{word} {os.getpid()}\\n")


class Desk:
    def __init__(self):
        self.lock = asyncio.Lock()

    async def ask(self):
        async with self.lock:
            waiting = asyncio.create_task(self.lock.acquire())
            await asyncio.sleep(0)
        await waiting
        self.lock.release()
        return "answer"


@on_lifespan
async def desk():
    note("start")
    yield Desk()
    note("stop")


@on_lifespan(enabled=lambda: "FAIL" in os.environ)
async def bad():
    raise RuntimeError("it is bad")
    yield
"""

VIEWS = """\
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path

from shop.lifespans import desk


async def async_view(request):
    user = await request.auser()
    count = await User.objects.acount()
    return HttpResponse(f"{user} {count} {await desk.get(request).ask()}")


def sync_view(request):
    count = User.objects.count()
    answer = async_to_sync(request.state.desk.ask)()
    return HttpResponse(f"{request.user} {count} {answer}")


def live_view(request):
    return HttpResponse(type(desk.get()).__name__)


urlpatterns = [
    path("async", async_view),
    path("sync", sync_view),
    path("live", live_view),
]
"""

TESTS = """\
import urllib.request

from django.contrib.auth.models import User
from django.test import LiveServerTestCase, TestCase, TransactionTestCase

from lifespan_registry.exceptions import UnavailableError
from lifespan_registry.testing import LifespansPerClass, LifespansPerTest
from shop.lifespans import desk

VIEWS = ["/async", "/sync"]


class Shared:
    def test_sync(self):
        User.objects.create(username="bob")
        self.assertEqual(self.lifespan_run.call(desk.get().ask, timeout=10), "answer")
        self.client.force_login(self.user)
        for view in VIEWS:
            self.assertEqual(self.client.get(view).content, b"eve 2 answer")
        self.client.logout()
        self.assertTrue(self.client.login(username="eve", password="secret"))
        self.assertEqual(self.client.get("/async").content, b"eve 2 answer")

    async def test_async(self):
        await User.objects.acreate(username="bob")
        self.assertEqual(await desk.get().ask(), "answer")
        await self.async_client.aforce_login(self.user)
        for view in VIEWS:
            answer = await self.async_client.get(view)
            self.assertEqual(answer.content, b"eve 2 answer")


def eve():
    return User.objects.create_user("eve", password="secret")


class InTransaction(Shared, LifespansPerClass, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.user = eve()


class InTransactionPerTest(Shared, LifespansPerTest, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.user = eve()


class WithTestData(Shared, TestCase, LifespansPerClass):
    @classmethod
    def setUpTestData(cls):
        cls.user = eve()
        cls.answer = cls.lifespan_run.call(desk.get().ask, timeout=10)

    def test_answer(self):
        self.assertEqual(self.answer, "answer")


class Committing(Shared, LifespansPerTest, TransactionTestCase):
    def setUp(self):
        super().setUp()
        self.user = eve()


class CommittingPerClass(Shared, LifespansPerClass, TransactionTestCase):
    def setUp(self):
        super().setUp()
        self.user = eve()


class Live(LifespansPerClass, LiveServerTestCase):
    def test_view(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.live_server_url + "/live") as answer:
            self.assertEqual(answer.read(), b"Desk")


class Without(TestCase):
    async def test_async(self):
        self.assertEqual(await User.objects.acount(), 0)
        with self.assertRaises(UnavailableError):
            desk.get()

    def test_sync(self):
        self.assertEqual(User.objects.count(), 0)
"""

CONFTEST = """\
import django
import pytest
from django.test import utils


@pytest.fixture(autouse=True, scope="session")
def _project(pytestconfig):
    if pytestconfig.pluginmanager.hasplugin("django"):
        yield
        return
    utils.setup_test_environment()
    databases = utils.setup_databases(verbosity=0, interactive=False)
    yield
    utils.teardown_databases(databases, verbosity=0)
    utils.teardown_test_environment()


django.setup()
"""


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Project:
    """A project with a database, users and tests."""
    return shop(
        tmp_path,
        {
            "shop/lifespans.py": LIFESPANS,
            "shop/tests.py": TESTS,
            "urls.py": VIEWS,
            "conftest.py": CONFTEST,
        },
        SETTINGS,
    )


def log_of(project: Project) -> list[list[str]]:
    """Return the words that its lifespans have noted, for each process."""
    lines = (project.root / "log.txt").read_text().splitlines()
    of: dict[str, list[str]] = {}
    for word, pid in map(str.split, lines):
        of.setdefault(pid, []).append(word)
    return list(of.values())


RUNS = 4 + 2 * 2
"""One for each class with a run per class, and for each test with one per test."""

PYTEST = ("-m", "pytest", "-q", "-p", "no:asyncio", "shop/tests.py")
RUNNERS = {
    "django": ("-m", "django", "test", "--shuffle"),
    "parallel": ("-m", "django", "test", "--parallel", "2"),
    "pytest": (*PYTEST, "-p", "no:django"),
    "pytest-django": PYTEST,
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_runner(project: Project, runner: str) -> None:
    """All tests pass; each start has its stop, in each process."""
    result = project.python("-X", "dev", *RUNNERS[runner])
    assert result.returncode == 0, result.stdout + result.stderr
    logs = log_of(project)
    assert all(log == ["start", "stop"] * (len(log) // 2) for log in logs), logs
    assert sum(log.count("start") for log in logs) == RUNS
    assert len(logs) == (2 if runner == "parallel" else 1)


@pytest.mark.parametrize("runner", RUNNERS)
def test_failed_start(
    project: Project, runner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the start fails, other classes still run, each with the clean database."""
    monkeypatch.setenv("FAIL", "1")
    result = project.python("-X", "dev", *RUNNERS[runner])
    output = result.stdout + result.stderr
    assert result.returncode == 1
    assert "1 lifespan failed to start" in output
    assert "it is bad" in output
    logs = log_of(project)
    assert all(log == ["start", "stop"] * (len(log) // 2) for log in logs), (
        f"{logs}:\n{output}"
    )
    assert not re.search(r"(ERROR|FAIL)\w*:? .*Without", output)
