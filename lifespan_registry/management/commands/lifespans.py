"""``manage.py lifespans``: what would start, in which order; and whether it does."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.management.base import CommandError, CommandParser

from lifespan_registry import conf
from lifespan_registry._core.plan import Plan, Step
from lifespan_registry._core.registry import default_registry
from lifespan_registry._core.report import LifespanReport, Status
from lifespan_registry.exceptions import PlanError
from lifespan_registry.management.base import LoopCommand, told

if TYPE_CHECKING:
    from lifespan_registry._core.run import Run

Row: TypeAlias = tuple[str, ...]

LIST_HEAD = ("name", "waits for", "defined at")
RUN_HEAD = ("name", "start", "stop", "status")


class Command(LoopCommand):
    """List the registered lifespans in the order in which they start, or try them."""

    help = (
        "Lists the registered lifespans in the order in which they start, with what "
        "each waits for and where it is defined. Nothing is started, but by 'run': "
        "that starts them, reports, and stops them."
    )
    # The checks stop at what this is to show; and it is there for when things fail.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``list`` and ``run``; without either, the command lists."""
        actions = parser.add_subparsers(dest="action", metavar="list | run")
        for action, words in (
            ("list", "list them, which is what happens without it, too"),
            ("run", "start them, report, and stop them; exit with 1 if that fails"),
        ):
            one: CommandParser = actions.add_parser(action, help=words)
            one.add_argument("names", nargs="*", help="only these, with what they need")
            one.add_argument(
                "--skip", action="append", metavar="NAME", help="but not this one"
            )
            one.add_argument(
                "--tag",
                action="append",
                metavar="TAG",
                help="leave out what has tags, but not this one",
            )

    def handle(self, *_args: object, **options: Any) -> None:
        """Print the plan, or run it; fail with all that stands against it."""
        choice = {
            "only": options.get("names") or None,
            "skip": options.get("skip"),
            "tags": options.get("tag"),
        }
        if not len(default_registry):
            self.stdout.write(_nothing())
        if options["action"] == "run":
            with told():
                self.on_loop(lambda: self._try(default_registry.run(**choice)))
        else:
            self._list(**choice)

    def _list(self, **choice: Any) -> None:
        try:
            plan = default_registry.plan(**choice)
        except PlanError as error:
            raise CommandError(str(error)) from None
        self._table(LIST_HEAD, map(partial(_planned, plan), plan))
        for lifespan in default_registry:
            reason = plan.absent.get(lifespan.name)
            # Of those that nobody has asked for there is nothing to say.
            if reason and lifespan.name in (choice["only"] or plan.absent):
                self.stdout.write(f"left out: {lifespan.definition.origin} {reason}")

    async def _try(self, run: Run) -> None:
        began = time.perf_counter()
        try:
            async with run:
                started = time.perf_counter()
        finally:
            self._table(RUN_HEAD, map(_tried, run.report.values()))
        if count := len(run.report):
            self.stdout.write(
                f"{count} lifespan{'s' if count > 1 else ''} started in "
                f"{started - began:.3f} s, stopped in "
                f"{time.perf_counter() - started:.3f} s"
            )

    def _table(self, head: Row, rows: Iterable[Row]) -> None:
        lines = [head, *rows]
        if len(lines) == 1:
            return
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for number, row in enumerate(lines):
            cells = map(str.ljust, row, widths)
            line = f"{number or '':>4}  {'  '.join(cells)}".rstrip()
            self.stdout.write(line if number else self.style.MIGRATE_HEADING(line))


def _planned(plan: Plan, step: Step) -> Row:
    others = [plan[place].name for place in sorted(step.waits_for)]
    return step.name, ", ".join(others) or "-", step.origin.where


def _tried(one: LifespanReport) -> Row:
    spans = (one.startup_seconds, one.shutdown_seconds)
    start, stop = ("-" if span is None else f"{span:.3f} s" for span in spans)
    status = one.status.value
    if one.status is Status.STOPPED and one.error is not None:
        status += " with an error"
    return one.name, start, stop, status


def _nothing() -> str:
    text = "No lifespans are registered."
    if module := conf.read().MODULE:
        text += f" Write them with @on_lifespan in {module}.py of an installed app."
    return text
