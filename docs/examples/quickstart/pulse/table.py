"""The report of the run, as a table with a bar for each lifespan."""

from collections.abc import Iterator
from typing import NamedTuple

from lifespan_registry import default_registry


class Row(NamedTuple):
    """One lifespan; `left` and `width` are where its start lies, in percent."""

    name: str
    what: str
    status: str
    waits_for: str
    clock: str
    milliseconds: str
    left: str
    width: str


def rows() -> Iterator[Row]:
    """Describe the lifespans of the current run, in the order of the plan."""
    report = default_registry.current_run().report
    what = {lifespan.name: lifespan.__doc__ for lifespan in default_registry}
    zero = min(one.start_began for one in report.values())
    whole = max(one.started_at for one in report.values()) - zero
    for one in report.values():
        yield Row(
            name=one.name,
            what=what[one.name],
            status=one.status.value,
            waits_for=", ".join(one.waits_for),
            clock=one.started_at.astimezone().time().isoformat("milliseconds"),
            milliseconds=f"{one.startup_seconds * 1000:.1f}",
            left=f"{(one.start_began - zero) / whole:.2%}",
            width=f"{(one.started_at - one.start_began) / whole:.2%}",
        )
