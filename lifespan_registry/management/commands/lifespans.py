"""``manage.py lifespans``: what would start, in which order; and whether it does."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.management.base import CommandError, CommandParser

from lifespan_registry import conf
from lifespan_registry._core.definition import names_of
from lifespan_registry._core.plan import Plan, Step
from lifespan_registry._core.registry import default_registry
from lifespan_registry._core.report import LifespanReport, Status
from lifespan_registry.exceptions import DisabledError, PlanError, near_misses
from lifespan_registry.management.base import LoopCommand, told

if TYPE_CHECKING:
    from lifespan_registry._core.definition import Names
    from lifespan_registry._core.run import Run

Row: TypeAlias = tuple[str, ...]

LIST_HEAD = ("name", "waits for", "defined at")
RUN_HEAD = ("name", "start", "stop", "status")

TYPED = {
    "only= of the run names it": "the command line asks for it",
    "skip= of the run names it": "--skip asks for it",
}
"""What an error says of the options of a run, and what has been typed for these."""


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
                help="start what has this tag, and what has none",
            )

    def handle(self, *_args: object, **options: Any) -> None:
        """Print the plan, or run it; fail with all that stands against it."""
        only, skip = options.get("names") or None, options.get("skip") or ()
        tags = options.get("tag")
        if not len(default_registry):
            self.stdout.write(_nothing())
        _check_tags(tags or ())
        try:
            plan = default_registry.plan(only=only, skip=skip, tags=tags)
        except PlanError as error:
            raise CommandError(_as_typed(error, skip)) from None
        absent = [
            f"left out: {lifespan.definition.origin} {plan.absent[lifespan.name]}"
            for lifespan in default_registry
            # Of those that nobody has asked for there is nothing to say.
            if lifespan.name in plan.absent and lifespan.name in (only or plan.absent)
        ]
        if options["action"] == "run":
            run = default_registry.run(only=only, skip=skip, tags=tags)
            with told():
                self.on_loop(lambda: self._try(run, absent))
        else:
            self._show(LIST_HEAD, map(partial(_planned, plan), plan), absent)

    async def _try(self, run: Run, absent: Iterable[str]) -> None:
        began = time.perf_counter()
        try:
            async with run:
                started = time.perf_counter()
        except SystemExit as error:
            # That of a signal is raised when this has been cancelled, and not here.
            raise CommandError(_who_exits(run.report.values(), error)) from error
        finally:
            self._show(RUN_HEAD, map(_tried, run.report.values()), absent)
        if count := len(run.report):
            self.stdout.write(
                f"{count} lifespan{'s' if count > 1 else ''} started in "
                f"{started - began:.3f} s, stopped in "
                f"{time.perf_counter() - started:.3f} s"
            )

    def _show(self, head: Row, rows: Iterable[Row], absent: Iterable[str]) -> None:
        """Print a table, unless it has no rows, and below it what is *absent*."""
        if len(lines := [head, *rows]) > 1:
            self._table(lines)
        for line in absent:
            self.stdout.write(line)

    def _table(self, lines: list[Row]) -> None:
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


def _who_exits(reports: Iterable[LifespanReport], error: SystemExit) -> str:
    who = ", ".join(str(one.origin) for one in reports if one.error is error)
    return f"{who} raised {error!r}, which ends the process."


def _check_tags(asked: Names) -> None:
    known = {tag for lifespan in default_registry for tag in lifespan.definition.tags}
    for tag in names_of(asked):
        if tag not in known:
            text = f"no lifespan has the tag {tag!r}."
            if close := near_misses(tag, known):
                text += f" Did you mean {' or '.join(map(repr, close))}?"
            raise CommandError(text)


def _as_typed(refused: PlanError, skip: Names) -> str:
    """Say what stands against the plan in the words of the command line."""
    text = str(refused)
    for error in refused.exceptions:
        words = str(error)
        if (
            isinstance(error, DisabledError)
            and error.origin is not None
            and error.needed.name in names_of(skip)
        ):
            advice = (
                f"Skip {error.origin.name!r} as well, or do not skip "
                f"{error.needed.name!r}."
            )
            words = f"{words.splitlines()[0]}\n{advice}"
        for option, typed in TYPED.items():
            words = words.replace(option, typed)
        text = text.replace(str(error), words)
    return text


def _nothing() -> str:
    text = "No lifespans are registered."
    if module := conf.read().MODULE:
        text += f" Write them with @on_lifespan in {module}.py of an installed app."
    return text
