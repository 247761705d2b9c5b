"""Django's ORM in lifespans, async and sync, on a database in a file."""

from __future__ import annotations

from pathlib import Path

from tests.project import shop

FILES = {
    "shop/models.py": """\
        from django.db import models


        class Item(models.Model):
            name = models.CharField(max_length=20)
    """,
    "shop/lifespans.py": """\
        from asgiref.sync import sync_to_async
        from django.db import connections
        from lifespan_registry import on_lifespan
        from shop.models import Item


        @on_lifespan
        async def first():
            await Item.objects.acreate(name="async")
            yield [item.name async for item in Item.objects.all()]
            await Item.objects.filter(name="async").adelete()
            await sync_to_async(connections.close_all)()


        @on_lifespan
        def second(first):
            Item.objects.create(name="sync")
            yield first + [item.name for item in Item.objects.order_by("-id")]
            Item.objects.filter(name="sync").update(name="left")
            connections.close_all()
    """,
    "run.py": """\
        import asyncio

        import django

        django.setup()

        from django.core.management import call_command
        from lifespan_registry import default_registry
        from shop.lifespans import second
        from shop.models import Item

        call_command("migrate", "--run-syncdb", verbosity=0)


        async def main():
            async with default_registry.run():
                print(second.get())
                print(await Item.objects.acount())


        asyncio.run(main())
        print(*Item.objects.values_list("name"))
        django.db.connections.close_all()
    """,
}


def test_orm(tmp_path: Path) -> None:
    """Lifespans read and write models, at their start and at their stop."""
    result = shop(tmp_path, FILES).python("-W", "error", "run.py")

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines() == [
        "['async', 'sync', 'async']",
        "2",
        "('left',)",
    ]
