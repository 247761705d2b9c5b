"""What is opened before the first request, and closed after the last."""

from collections.abc import AsyncIterator, Iterator

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from lifespan_registry import on_lifespan


@on_lifespan
def tables() -> Iterator[None]:
    """Make the table, so that the example is one command.

    In a project, migrate once before the workers start: each of them comes by here.
    """
    call_command("migrate", verbosity=0)
    connections.close_all()  # those of this thread
    yield


@on_lifespan(requires=tables)
async def postgres_pool() -> AsyncIterator[AsyncConnectionPool]:
    """Keep a pool of connections for all requests."""
    # Read at the start: while tests run, this is the test database.
    default = settings.DATABASES["default"]
    address = make_conninfo(
        host=default["HOST"],
        port=default["PORT"],
        user=default["USER"],
        password=default["PASSWORD"],
        dbname=default["NAME"],
    )
    pool = AsyncConnectionPool(address, min_size=1, max_size=4, open=False)
    async with pool:
        await pool.wait(timeout=10)  # for a connection, so that a start means something
        yield pool
