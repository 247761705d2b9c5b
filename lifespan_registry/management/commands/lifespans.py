"""``manage.py lifespans``: what would start, in which order, and from where."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from lifespan_registry._core.registry import default_registry
from lifespan_registry.exceptions import PlanError


class Command(BaseCommand):
    """List the registered lifespans in the order in which they start."""

    help = (
        "Lists the registered lifespans in the order in which they start, with what "
        "each waits for and where it is defined. Nothing is started."
    )

    def handle(self, *args: object, **options: object) -> None:
        """Print the plan, or fail with all that stands against it."""
        try:
            plan = default_registry.plan()
        except PlanError as error:
            raise CommandError(str(error)) from None
        rows = [
            (
                step.name,
                ", ".join(plan[other].name for other in sorted(step.waits_for)) or "-",
                step.origin.where,
            )
            for step in plan
        ]
        if rows:
            self._table([("name", "waits for", "defined at"), *rows])
        else:
            self.stdout.write(
                "No lifespans are registered. Write them in the module 'lifespans' of "
                "an app, with @on_lifespan."
            )
        known = set(plan.names)
        for lifespan in default_registry:
            if lifespan.name not in known:
                self.stdout.write(f"disabled: {lifespan.definition.origin}")

    def _table(self, rows: list[tuple[str, str, str]]) -> None:
        width = [max(len(row[column]) for row in rows) for column in range(2)]
        for number, (name, waits_for, where) in enumerate(rows):
            line = f"{name:{width[0]}}  {waits_for:{width[1]}}  {where}"
            number_text = f"{number:>4}" if number else "    "
            text = f"{number_text}  {line}"
            self.stdout.write(text if number else self.style.MIGRATE_HEADING(text))
