"""Measuring in turns, and saying what has come out."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

T = TypeVar("T")

TIMES = "\N{MULTIPLICATION SIGN}"

WARM_UP = 2
"""How many rounds run first and are not counted."""


class Quartiles(NamedTuple):
    """The median of several measurements, and between what half of them lie."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Quartiles:
        """Sum up *values*; one alone is all three."""
        several = list(values)
        if len(several) == 1:
            several *= 2
        return cls(*statistics.quantiles(several, n=4, method="inclusive"))


class Row(NamedTuple):
    """One line of the table; without `limit` it is there for information."""

    number: int
    what: str
    ours: str
    other: str
    value: Quartiles
    unit: str = ""
    limit: float | None = None

    def __str__(self) -> str:
        low, median, high = map(short, self.value)
        if self.limit is None:
            limit = verdict = ""
        else:
            limit = f"{self.limit:g}{self.unit}"
            verdict = "yes" if self.value.median <= self.limit else "**no**"
        return (
            f"| {self.number} | {self.what} | {self.ours} | {self.other} "
            f"| {median}{self.unit} ({low} … {high}) | {limit} | {verdict} |"
        )


def short(number: float) -> str:
    """Write *number* with three digits, or all before the point."""
    return f"{number:,.0f}" if number >= 100 else f"{number:#.3g}"


HEAD = (
    "| | what | measured | against | median (quartiles) | at most | reached |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | --- |"
)


async def interleaved(
    variants: Mapping[str, Callable[[], Awaitable[T]]],
    rounds: int,
    *,
    warm_up: int = WARM_UP,
) -> dict[str, list[T]]:
    """Measure the *variants* in turns: A B C, B C A, C A B, ….

    Whatever the machine does meanwhile meets them all alike. Each one finds the garbage
    of the one before it collected, and the collector on: it is on in a server, too.
    """
    names = list(variants)
    results: dict[str, list[T]] = {name: [] for name in names}
    gc.collect()
    # What was there before is not looked through again and again.
    gc.freeze()
    try:
        for turn in range(-warm_up, rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                gc.collect()
                result = await variants[name]()
                if turn >= 0:
                    results[name].append(result)
    finally:
        gc.unfreeze()
    return results


def ratios(ours: Iterable[float], other: Iterable[float]) -> Quartiles:
    """Divide round by round: both halves of a round have had the same weather."""
    return Quartiles.of(a / b for a, b in zip(ours, other, strict=True))
