"""``manage.py lifespans``: what would start, in which order; and whether it does."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import logging
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser

from lifespan_registry import conf
from lifespan_registry._core.registry import default_registry
from lifespan_registry.exceptions import CycleError, PlanError
from lifespan_registry.management.base import LoopCommand, told
from lifespan_registry.management.choice import (
    ACTIONS,
    Choice,
    as_typed,
    check_tags,
    misplaced,
)
from lifespan_registry.management.progress import Live, Progress, encodable
from lifespan_registry.management.shapes import (
    FORMATS,
    add_shapes,
    check_shape,
    graph_of,
    sketch_of,
)
from lifespan_registry.pictures import bars, text, waterfall
from lifespan_registry.pictures.timeline import of_report

if TYPE_CHECKING:
    from lifespan_registry._core.report import LifespanReport
    from lifespan_registry._core.run import Run
    from lifespan_registry.pictures.graph import Graph, Node


class Command(LoopCommand):
    """List or draw the lifespans in the order in which they start, or try them."""

    help = (
        "Lists the registered lifespans in the order in which they start: who needs "
        "whom, tags, time limits, where each is defined; or draws them. Nothing is "
        "started, but by 'run': that starts them, reports, and stops them."
    )
    # The checks stop at what this is to show; and it is there for when things fail.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``list`` and ``run``; without either, the command lists."""
        add_shapes(parser, default=None)
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
            if action == "list":
                # What stands before "list" is not to be lost.
                add_shapes(one, default=argparse.SUPPRESS)
            else:
                one.add_argument(
                    "--svg",
                    metavar="FILE",
                    help="draw when each starts and stops",
                )

    def run_from_argv(self, argv: list[str]) -> None:
        """Answer a name alone, which argparse would call an invalid choice."""
        if argv[2:] and not argv[2].startswith("-") and argv[2] not in ACTIONS:
            self.stderr.write(misplaced(argv[2]))
            sys.exit(2)
        super().run_from_argv(argv)

    def handle(self, *_args: object, **options: Any) -> None:
        """Print the plan, or run it; fail with all that stands against it."""
        choice = Choice(
            options.get("names") or None, options.get("skip") or (), options.get("tag")
        )
        form, why = options["format"], options["why"]
        if not len(default_registry):
            # What is drawn is read by programs.
            (self.stdout if form is None else self.stderr).write(_nothing())
        check_shape(form, why, options["action"])
        check_tags(choice.tags or ())
        try:
            plan = default_registry.plan(**choice._asdict())
        except PlanError as error:
            if form and any(isinstance(one, CycleError) for one in error.exceptions):
                self._show(sketch_of(choice, why), form, why)
            raise CommandError(as_typed(error, choice.skip)) from None
        graph = graph_of(plan, choice, why)
        if options["action"] == "run":
            self._run(choice, graph.absent, _writable(options.get("svg")))
        else:
            self._show(graph, form, why)

    def _show(self, graph: Graph, form: str | None, why: str | None) -> None:
        """Print *graph*, which is that of all, or of what leads to *why*."""
        if form is not None:
            self._print((FORMATS[form](graph),))
        elif why is None or graph.absent:
            self._print(text.draw(graph, self._style))
        else:
            self._print(text.tree(graph, why, self._style))

    def _run(self, choice: Choice, absent: Iterable[Node], file: Path | None) -> None:
        with _untold():
            run = default_registry.run(**choice._asdict())
        try:
            with told():
                self.on_loop(lambda: self._try(run))
        finally:
            report = run.report
            timeline = of_report(report, dt.datetime.now(dt.UTC))
            self._print(bars.draw(timeline, self._style))
            self._print(map(text.left_out, absent))
            if file is not None:
                file.write_text(waterfall.draw(timeline), encoding="utf-8")
        if count := len(report):
            self.stdout.write(
                f"{count} lifespan{'s' if count > 1 else ''} started in "
                f"{report.started_in or 0:.3f} s, stopped in "
                f"{report.stopped_in or 0:.3f} s"
            )

    async def _try(self, run: Run) -> None:
        is_terminal = self.stdout.isatty() and self.style.ERROR("-") != "-"
        follower = Live if is_terminal else Progress
        try:
            with follower(run, self.stdout):
                async with run:
                    pass
        except SystemExit as error:
            # That of a signal is raised when this has been cancelled, and not here.
            raise CommandError(_who_exits(run.report.values(), error)) from error

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(encodable(line, self.stdout))

    @property
    def _style(self) -> text.Style:
        return text.Style(
            head=self.style.MIGRATE_HEADING,
            name=self.style.MIGRATE_LABEL,
            aside=self.style.WARNING,
        )


@contextlib.contextmanager
def _untold() -> Generator[None]:
    """Let the run that is made in the block not log what the command prints."""
    level, default_registry.log_level = default_registry.log_level, logging.DEBUG
    try:
        yield
    finally:
        default_registry.log_level = level


def _writable(name: str | None) -> Path | None:
    """Return the file of that *name*, which can be written, before anything starts."""
    if name is None:
        return None
    file = Path(name)
    try:
        file.touch()
    except OSError as error:
        words = f"--svg cannot write the file {name!r}: {error.strerror}."
        raise CommandError(words) from None
    return file


def _who_exits(reports: Iterable[LifespanReport], error: SystemExit) -> str:
    who = ", ".join(str(one.origin) for one in reports if one.error is error)
    return f"{who} raised {error!r}, which ends the process."


def _nothing() -> str:
    words = "No lifespans are registered."
    if module := conf.read().MODULE:
        words += f" Write them with @on_lifespan in {module}.py of an installed app."
    return words
