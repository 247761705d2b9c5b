"""Tests of a user, with the clients and the test cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import assert_type

from django.test import (
    LiveServerTestCase,
    SimpleTestCase,
    TestCase,
    TransactionTestCase,
)

from lifespan_registry import Registry, Run, on_lifespan
from lifespan_registry.testing import (
    AsyncLifespanClient,
    LifespanClient,
    LifespansPerClass,
    LifespansPerTest,
)

registry = Registry()


@on_lifespan
async def db() -> AsyncIterator[int]:
    yield 1


async def fake_db() -> AsyncIterator[int]:
    yield 2


class ClassTests(LifespansPerClass, TestCase):
    lifespans = db
    lifespan_skip = ["mail", db]
    lifespan_tags = {"web"}
    lifespan_overrides = {db: fake_db, "mail": None}
    lifespan_registry = registry

    def test_client(self) -> None:
        response = self.client.get("/", headers={"x-one": "1"}, follow=True)
        assert_type(response.status_code, int)
        assert_type(self.lifespan_run, Run)

    async def test_async_client(self) -> None:
        response = await self.async_client.post("/", {"a": "b"})
        assert_type(response.status_code, int)
        await self.async_client.alogin(username="eve")

    @classmethod
    def setUpTestData(cls) -> None:
        assert_type(cls.lifespan_run, Run)


class OneTests(LifespansPerTest, SimpleTestCase):
    lifespans = "db"
    lifespan_tags = "web"

    def setUp(self) -> None:
        self.lifespan_overrides = {db: 3}
        super().setUp()


class CommittingTests(LifespansPerTest, TransactionTestCase):
    lifespans = [db, "mail"]


class LiveTests(LifespansPerClass, LiveServerTestCase):
    lifespan_overrides = {"db": fake_db}


class LateTests(TestCase, LifespansPerClass):
    pass


async def use(run: Run) -> None:
    client = LifespanClient(enforce_csrf_checks=True, run=run, REMOTE_ADDR="::1")
    assert_type(client.run, Run | None)
    assert_type(client.get("/").status_code, int)
    async_client = AsyncLifespanClient(run=run)
    assert_type((await async_client.get("/")).status_code, int)


LifespanClient(run=registry)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
