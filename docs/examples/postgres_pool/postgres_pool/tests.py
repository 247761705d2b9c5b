"""Tests of the site: Django's test database is that of the pool, too."""

from django.test import TransactionTestCase

from lifespan_registry.testing import LifespansPerTest
from postgres_pool.lifespans import postgres_pool


class PoolTests(LifespansPerTest, TransactionTestCase):
    """A pool does not see what a `TestCase` has not committed: this is none."""

    async def test_is_on_the_test_database(self) -> None:
        async with postgres_pool.get().connection() as connection:
            name = connection.info.dbname
        self.assertRegex(name, "^test_")

    async def test_the_other_sees_what_is_committed(self) -> None:
        await self.async_client.get("/orm")
        answer = await self.async_client.get("/pool")
        self.assertEqual(answer.json(), {"pool": 1, "orm": 1})

    def test_the_pool_is_not_rolled_back(self) -> None:
        answer = self.client.get("/rolled-back")
        self.assertEqual(answer.json(), {"pool": 1, "orm": 0})
