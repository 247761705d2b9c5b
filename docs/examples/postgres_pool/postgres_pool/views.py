"""Views that write by the pool, by the ORM, and by both."""

from asgiref.sync import async_to_sync
from django.db import transaction
from django.http import HttpRequest, JsonResponse

from postgres_pool.lifespans import postgres_pool
from postgres_pool.models import Visit


async def write() -> None:
    """Write by a connection of the pool, which commits when it goes back."""
    async with postgres_pool.get().connection() as connection:
        await connection.execute("INSERT INTO postgres_pool_visit (by) VALUES ('pool')")


async def counted() -> JsonResponse:
    """Tell how much each of the two has written."""
    visits = Visit.objects
    return JsonResponse(
        {by: await visits.filter(by=by).acount() for by in ("pool", "orm")}
    )


async def by_pool(request: HttpRequest) -> JsonResponse:
    """Write by the pool."""
    await write()
    return await counted()


async def by_orm(request: HttpRequest) -> JsonResponse:
    """Write by the ORM."""
    await Visit.objects.acreate(by="orm")
    return await counted()


def by_both(request: HttpRequest) -> JsonResponse:
    """Write by both, and roll back: what the pool has written stays."""
    with transaction.atomic():
        Visit.objects.create(by="orm")
        async_to_sync(write)()
        transaction.set_rollback(True)
    return async_to_sync(counted)()
