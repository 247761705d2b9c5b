"""The plan: what takes part in a run, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

from lifespan_registry._core.definition import Definition
from lifespan_registry.exceptions import Origin


class Step(NamedTuple):
    """One lifespan of a plan.

    `waits_for` are the places in the plan of those that it starts after, each with
    the words that asked for it; `followed_by` are the places of those that wait for it.
    """

    definition: Definition
    waits_for: dict[int, str]
    followed_by: tuple[int, ...]

    @property
    def name(self) -> str:
        """The name of the lifespan."""
        return self.definition.name

    @property
    def origin(self) -> Origin:
        """Where the lifespan is defined."""
        return self.definition.origin

    def startup_limit(self, default: float) -> float:
        """Return how many seconds it may take to start."""
        own = self.definition.startup_timeout
        return default if own is None else own

    def shutdown_limit(self, default: float) -> float:
        """Return how many seconds it may take to stop."""
        own = self.definition.shutdown_timeout
        return default if own is None else own


class Plan(Sequence[Step]):
    """The lifespans in the order in which they start; they stop in the reverse.

    Those that wait for nothing come first, in the order of their registration, then
    those that these set free, and so on.
    """

    __slots__ = ("_steps", "absent")

    def __init__(
        self, steps: Iterable[Step], absent: Mapping[str, str] | None = None
    ) -> None:
        self._steps = tuple(steps)
        self.absent = absent or {}
        """Those that take no part, by name, each with the reason."""

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the start."""
        return tuple(step.definition.name for step in self._steps)

    def __repr__(self) -> str:
        return f"<Plan: {', '.join(self.names) or 'empty'}>"
