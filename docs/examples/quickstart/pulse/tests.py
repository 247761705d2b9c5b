"""Tests of the site: with its lifespans, without its file and without the network."""

import asyncio
from collections.abc import AsyncIterator

import aiosqlite
import httpx
from django.test import SimpleTestCase, override_settings

from lifespan_registry.testing import LifespansPerClass, LifespansPerTest
from pulse.database import opened
from pulse.lifespans import database, heartbeat, http_client, probe, visits


async def database_in_memory() -> AsyncIterator[aiosqlite.Connection]:
    """Open an empty database that leaves no file behind."""
    async with opened(":memory:") as connection:
        yield connection


async def client_of_a_healthy_site() -> AsyncIterator[httpx.AsyncClient]:
    """Answer each request as a healthy site does, without sending it."""
    transport = httpx.MockTransport(lambda _: httpx.Response(204))
    async with httpx.AsyncClient(transport=transport, base_url="http://fake") as client:
        yield client


async def client_without_a_site() -> AsyncIterator[httpx.AsyncClient]:
    """Fail at each request, as where nobody listens."""

    def refuse(request: httpx.Request) -> httpx.Response:
        text = "refused"
        raise httpx.ConnectError(text)

    transport = httpx.MockTransport(refuse)
    async with httpx.AsyncClient(transport=transport, base_url="http://fake") as client:
        yield client


class VisitsTests(SimpleTestCase):
    """One lifespan alone: called, it is the context manager that it was."""

    async def test_counts(self) -> None:
        async with opened(":memory:") as connection, visits(connection) as counter:
            self.assertEqual([await counter.add(), await counter.add()], [1, 2])
            self.assertEqual(await counter.ever(), 2)


class ViewTests(LifespansPerClass, SimpleTestCase):
    """The views: one start of all lifespans is enough for these tests."""

    lifespan_overrides = {
        database: database_in_memory,
        http_client: client_of_a_healthy_site,
    }

    def test_page_counts_its_visits(self) -> None:
        before = visits.get().since_start
        page = self.client.get("/")
        self.assertContains(page, before + 1)
        self.assertEqual(visits.get().since_start, before + 1)

    async def test_state_names_all_lifespans(self) -> None:
        answer = (await self.async_client.get("/state.json")).json()
        self.assertEqual(
            answer["lifespans"], dict.fromkeys(self.lifespan_run.report, "started")
        )

    def test_word_is_one(self) -> None:
        self.assertRegex(self.client.get("/word").content, rb"^[a-z]+\n$")


class HeartbeatTests(LifespansPerTest, SimpleTestCase):
    """The background loop: each test has a new one."""

    lifespans = heartbeat
    lifespan_overrides = {
        database: database_in_memory,
        http_client: client_of_a_healthy_site,
    }

    @override_settings(SECONDS_BETWEEN_BEATS=0.01)
    def setUp(self) -> None:
        super().setUp()

    async def test_beats(self) -> None:
        async with asyncio.timeout(10):
            while not await probe.get().ever():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        self.assertIn("204 in ", probe.get().last)

    def test_words_are_not_started(self) -> None:
        self.assertNotIn("words", self.lifespan_run.report)


class ProbeTests(LifespansPerTest, SimpleTestCase):
    """The question of the site to itself, where nobody answers."""

    lifespans = probe
    lifespan_overrides = {
        database: database_in_memory,
        http_client: client_without_a_site,
    }

    async def test_no_answer_is_no_beat(self) -> None:
        await probe.get().ask()
        self.assertIn("no answer from http://fake", probe.get().last)
        self.assertEqual((probe.get().beats, await probe.get().ever()), (0, 0))
