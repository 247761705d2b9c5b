"""Makes the tables, and puts tasks there."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, call_command

from tests.contrib.project import tasks


class Command(BaseCommand):
    """Asks for tasks, by their names."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the names."""
        parser.add_argument("tasks", nargs="*")

    def handle(self, **options: Any) -> None:
        """Do it."""
        call_command("migrate", verbosity=0)
        for name in options["tasks"]:
            getattr(tasks, name).enqueue()
