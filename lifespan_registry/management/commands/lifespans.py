"""``manage.py lifespans``: what would start, in which order, and from where."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandError

from lifespan_registry import conf
from lifespan_registry._core.plan import Plan
from lifespan_registry._core.registry import default_registry
from lifespan_registry.exceptions import PlanError

HEAD = ("name", "waits for", "defined at")


class Command(BaseCommand):
    """List the registered lifespans in the order in which they start."""

    help = (
        "Lists the registered lifespans in the order in which they start, with what "
        "each waits for and where it is defined. Nothing is started."
    )
    # The checks stop at what this is to show; and it is there for when things fail.
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        """Print the plan, or fail with all that stands against it."""
        try:
            plan = default_registry.plan()
        except PlanError as error:
            raise CommandError(str(error)) from None
        if not len(default_registry):
            self.stdout.write(_nothing())
        for line in self._table(plan):
            self.stdout.write(line)
        for lifespan in default_registry:
            if lifespan.name not in plan.names:
                self.stdout.write(f"disabled: {lifespan.definition.origin}")

    def _table(self, plan: Plan) -> Iterator[str]:
        if not plan:
            return
        rows: list[tuple[str, str, str]] = [HEAD]
        for step in plan:
            others = [plan[place].name for place in sorted(step.waits_for)]
            rows.append((step.name, ", ".join(others) or "-", step.origin.where))
        first, second, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
        for number, (name, waits_for, where) in enumerate(rows):
            line = f"{number or '':>4}  {name:{first}}  {waits_for:{second}}  {where}"
            yield line if number else self.style.MIGRATE_HEADING(line)


def _nothing() -> str:
    text = "No lifespans are registered."
    if module := conf.read().MODULE:
        text += f" Write them with @on_lifespan in {module}.py of an installed app."
    return text
