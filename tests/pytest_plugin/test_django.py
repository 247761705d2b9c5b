"""Beside pytest-django, without it, and without Django."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.inner import run

DATABASE = """
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import AsyncClient, Client
from lifespan_registry import Registry
from lifespan_registry.testing import AsyncLifespanClient, LifespanClient

@pytest.mark.django_db
def test_mark(lifespan_run):
    assert lifespan_run.state.tables > 0
    assert connection.in_atomic_block

def test_db(lifespan_run, db):
    Group.objects.create(name="rolled back")
    assert lifespan_run.state.tables > 0
    assert connection.in_atomic_block

def test_transactional_db(lifespan_run, transactional_db):
    assert Group.objects.count() == 0
    assert lifespan_run.state.tables > 0
    assert not connection.in_atomic_block

@pytest.mark.lifespans(skip="tables")
def test_clients(client, async_client, lifespan_client, async_lifespan_client):
    assert type(client) is Client
    assert type(async_client) is AsyncClient
    assert type(lifespan_client) is LifespanClient
    assert type(async_lifespan_client) is AsyncLifespanClient

@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_async(async_lifespan_client):
    await Group.objects.acreate(name="committed")
    assert (await async_lifespan_client.get("/groups")).text == "1"

def test_no_database(lifespan_run):
    raise NotImplementedError
"""

TABLES = """
from asgiref.sync import sync_to_async
from django.db import connection
from lifespan_registry import on_lifespan

def count():
    with connection.cursor() as cursor:
        number = len(connection.introspection.get_table_list(cursor))
    connection.close()
    return number

@on_lifespan
def tables():
    yield count()
    assert count() > 0
"""

GROUPS = """
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import path

async def view(request):
    return HttpResponse(str(await Group.objects.acount()))

urlpatterns = [path("groups", view)]
"""

SETTINGS = """
INSTALLED_APPS += ["django.contrib.auth", "django.contrib.contenttypes"]
DATABASES["default"]["TEST"] = {"NAME": "test.sqlite3"}
"""


def test_database(tmp_path: Path) -> None:
    """The database is there before lifespans start, and until they have stopped."""
    outcome = run(
        tmp_path,
        DATABASE,
        plugins=("asyncio", "django"),
        settings=SETTINGS,
        shop__lifespans=TABLES,
        urls=GROUPS,
    )
    assert outcome.counts == {"passed": 5, "error": 1}, outcome.text
    assert "Database access not allowed" in outcome.errors[0]


NOTHING = """
def test_nothing(lifespan_run):
    assert dict(lifespan_run.state) == {}
"""


def test_nothing_is_registered(tmp_path: Path) -> None:
    """A run of nothing is no error."""
    outcome = run(tmp_path, NOTHING, shop__lifespans="")
    assert outcome.counts == {"passed": 1}, outcome.text


def test_django_is_not_set_up(tmp_path: Path) -> None:
    """Without Django set up nothing can be registered: the error says what to do."""
    outcome = run(tmp_path, NOTHING, conftest="")
    assert outcome.counts == {"error": 1}, outcome.text
    assert outcome.errors[0] == (
        "no lifespan is registered: Django has not been set up, which imports the "
        "module 'lifespans' of each app. Install pytest-django and name the settings, "
        "as DJANGO_SETTINGS_MODULE in the configuration of pytest; or call "
        "django.setup() in pytest_configure() of conftest.py. Without Django, let a "
        "fixture lifespan_registry of yours return the registry."
    )


OWN = """
import pytest
from lifespan_registry import Registry

registry = Registry()

@registry.on_lifespan
def greeting():
    yield "hello"

@pytest.fixture
def lifespan_registry():
    return registry

@pytest.mark.lifespans(override={greeting: "bye"})
def test_own(lifespan_run):
    assert greeting.get() == "bye"
"""


def test_own_registry(tmp_path: Path) -> None:
    """A module may have a registry of its own, and do without Django."""
    outcome = run(tmp_path, OWN, conftest="")
    assert outcome.counts == {"passed": 1}, outcome.text


CASES = """
import asyncio
import pytest
from django.test import SimpleTestCase
from shop.lifespans import loop, sentence

@pytest.mark.usefixtures("lifespan_run")
class Cases(SimpleTestCase):
    def test_sync(self):
        assert sentence.get() == "hello world"

    async def test_async(self):
        raise NotImplementedError
"""


@pytest.mark.parametrize("plugins", [(), ("django",)])
def test_test_case(tmp_path: Path, plugins: tuple[str, ...]) -> None:
    """Sync tests of unittest may have the run; async ones are told of the mixins."""
    outcome = run(tmp_path, CASES, plugins=plugins)
    assert outcome.counts == {"passed": 1, "error": 1}, outcome.text
    assert "inherit from a mixin of lifespan_registry.testing" in outcome.errors[0]
