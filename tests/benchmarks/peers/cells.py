"""What stands in one line of the table, and in one cell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from tests.benchmarks.measure import TIMES, Quartiles, ratios, short

ABSENT = "-"
"""What stands where a peer has nothing of the kind."""

Values: TypeAlias = Sequence[float]


class Line(NamedTuple):
    """One measurement of all; *cells* has the titles of the peers."""

    what: str
    against: str
    cells: Mapping[str, str]


def cell(value: Quartiles, unit: str = "") -> str:
    """Write the median, and in brackets the quartiles, if there are any."""
    low, median, high = map(short, value)
    spread = f" ({low} … {high})" if low != high else ""
    return f"{median}{unit}{spread}"


def ratio_cells(results: Mapping[str, Values], base: Values) -> dict[str, str]:
    """Divide all of *results* by *base*, round by round."""
    return {
        title: cell(ratios(values, base), TIMES) if values is not base else f"1{TIMES}"
        for title, values in results.items()
    }


def median(values: Iterable[float], factor: float, unit: str) -> str:
    """Write the median of *values*, times *factor*."""
    return f"{short(Quartiles.of(values).median * factor)} {unit}"
