"""Who waits for whom: makes a plan, or finds every reason why there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lifespan_registry._core.definition import Definition, Names, names_of
from lifespan_registry._core.forms import ALL
from lifespan_registry._core.plan import Plan, Step
from lifespan_registry.exceptions import (
    CycleError,
    DisabledError,
    DuplicateNameError,
    EnabledError,
    LifespanError,
    Origin,
    PlanError,
    StateKeyError,
    UnknownLifespanError,
    near_misses,
)


def plan(
    definitions: Iterable[Definition],
    *,
    only: Names | None = None,
    skip: Names | None = None,
    tags: frozenset[str] | None = None,
    replaced: Mapping[str, Definition] | None = None,
) -> Plan:
    """Order *definitions*, which come in the order of their registration.

    *replaced* stand in the place of those of their names. Raises `PlanError` with
    everything that stands against it.
    """
    made, errors = sketch(definitions, only, skip, tags, replaced or {})
    if errors:
        raise PlanError(errors)
    return made


def sketch(
    definitions: Iterable[Definition],
    only: Names | None,
    skip: Names | None,
    tags: frozenset[str] | None,
    replaced: Mapping[str, Definition],
) -> tuple[Plan, list[LifespanError]]:
    """Return the plan as far as there can be one, and what stands against it.

    What is wrong can be drawn by it: in a circle, one waits for another after it.
    """
    draft = _Draft(definitions, only, skip, tags, replaced)
    draft.connect()
    order = draft.order()
    place = {index: position for position, index in enumerate(order)}
    edges = [
        {place[other]: how for other, how in draft.edges[index].items()}
        for index in order
    ]
    followers: list[list[int]] = [[] for _ in order]
    for position, waits_for in enumerate(edges):
        for other in waits_for:
            followers[other].append(position)
    made = Plan(
        (
            Step(draft.chosen[index], waits_for, tuple(following))
            for index, waits_for, following in zip(order, edges, followers, strict=True)
        ),
        {
            name: draft.absent.get(name) or draft.why_left_out(definition)
            for name, definition in draft.known.items()
            if name not in draft.index
        },
    )
    return made, draft.errors


class _Draft:
    """A plan in the making: what takes part, who waits for whom, what is wrong."""

    def __init__(
        self,
        definitions: Iterable[Definition],
        only: Names | None,
        skip: Names | None,
        tags: frozenset[str] | None,
        replaced: Mapping[str, Definition],
    ) -> None:
        self.tags = tags
        self.errors: list[LifespanError] = []
        self.known: dict[str, Definition] = {}
        self.absent: dict[str, str | None] = {}
        self.close: dict[str, list[Origin]] = {}
        same_name: dict[str, list[Origin]] = {}
        for definition in definitions:
            self.known.setdefault(definition.name, definition)
            same_name.setdefault(definition.name, []).append(definition.origin)
        self.known.update(replaced)
        for name, origins in same_name.items():
            if len(origins) > 1:
                self.errors.append(DuplicateNameError(name, origins))
        for name in names_of(skip or ()):
            if self.is_known(name, "skip= of the run names it", None):
                self.absent[name] = "is skipped in this run"
        self.chosen = self.choose(only)
        self.index = {one.name: index for index, one in enumerate(self.chosen)}
        self.edges: list[dict[int, str]] = [{} for _ in self.chosen]
        self.check_state_keys()

    def is_known(self, name: str, how: str, origin: Origin | None) -> bool:
        """Tell whether *name* is registered; note an error if it is not."""
        if name in self.known:
            return True
        if name not in self.close:
            # A search through all names, once for each that many may ask for.
            close = near_misses(name, self.known)
            self.close[name] = [self.known[one].origin for one in close]
        self.errors.append(UnknownLifespanError(name, how, origin, self.close[name]))
        return False

    def why_absent(self, definition: Definition) -> str | None:
        """Say why *definition* takes no part; ask its ``enabled=`` only once."""
        if definition.name not in self.absent:
            enabled = definition.enabled
            if callable(enabled):
                try:
                    enabled = bool(enabled())
                except Exception as error:  # noqa: BLE001 - reported with all others
                    self.errors.append(EnabledError(definition.origin, error))
                    enabled = True
            reason = None if enabled else "is disabled by its enabled="
            self.absent[definition.name] = reason
        return self.absent[definition.name]

    def choose(self, only: Names | None) -> list[Definition]:
        """Find those that take part: all, or *only* some with what they need.

        Of these the ones that have tags, but none of the run's, are not asked for.
        """
        if only is None:
            wanted = [one for one in self.known.values() if not self.why_absent(one)]
        else:
            wanted = [
                self.known[name]
                for name in names_of(only)
                if self.takes_part(name, "only= of the run names it", None)
            ]
        wanted = [one for one in wanted if self.is_meant(one)]
        chosen = {one.name for one in wanted}
        # Grows while it is walked through.
        for definition in wanted:
            for name, how in _needs(definition):
                if self.takes_part(name, how, definition.origin) and name not in chosen:
                    chosen.add(name)
                    wanted.append(self.known[name])
        return [one for one in self.known.values() if one.name in chosen]

    def is_meant(self, definition: Definition) -> bool:
        """Tell whether *definition* has a tag of the run, or needs none."""
        own = definition.tags
        return self.tags is None or not own or not own.isdisjoint(self.tags)

    def why_left_out(self, definition: Definition) -> str:
        """Say why *definition* takes no part, though it could."""
        if self.tags is None or self.is_meant(definition):
            return "is left out by only= of this run"
        own, asked = (
            ", ".join(map(repr, sorted(t))) for t in (definition.tags, self.tags)
        )
        return f"has tags={{{own}}}, and this run is for tags={{{asked}}}"

    def takes_part(self, name: str, how: str, origin: Origin | None) -> bool:
        """Tell whether *name* can be had; note an error if it cannot."""
        if not self.is_known(name, how, origin):
            return False
        needed = self.known[name]
        if reason := self.why_absent(needed):
            self.errors.append(DisabledError(needed.origin, how, origin, reason))
            return False
        return True

    def check_state_keys(self) -> None:
        """Two explicit keys that are the same are known before anything is yielded."""
        owners: dict[str, Origin] = {}
        for one in self.chosen:
            if one.state_key is not None:
                other = owners.setdefault(one.state_key, one.origin)
                if other is not one.origin:
                    error = StateKeyError(one.state_key, one.origin, other)
                    self.errors.append(error)

    def connect(self) -> None:
        """Draw an arrow from each one to those that it waits for."""
        index = self.index
        for here, one in enumerate(self.chosen):
            mine = self.edges[here]
            for name, how in _needs(one):
                if name in index:
                    mine.setdefault(index[name], how)
            for parameter in one.parameters:
                if parameter.name in index:
                    mine.setdefault(index[parameter.name], f"takes {parameter.name!r}")
            for name in one.after:
                if name in index:
                    mine.setdefault(index[name], f"has after={name!r}")
            for name in one.before:
                if name in index:
                    how = f"has to wait for {one.name!r}, which has before={name!r}"
                    self.edges[index[name]].setdefault(here, how)
        self.connect_stars()

    def connect_stars(self) -> None:
        """Put those with ``after="*"`` last, and those with ``before="*"`` first.

        Others that ask to come later themselves (with a star of their own, or because
        they wait for one that has it) are not meant by ``after="*"``; likewise the
        other way round.
        """
        last = [here for here, one in enumerate(self.chosen) if ALL in one.after]
        first = [here for here, one in enumerate(self.chosen) if ALL in one.before]
        if not (last or first):
            return
        waiting: list[list[int]] = [[] for _ in self.chosen]
        for here, edges in enumerate(self.edges):
            for other in edges:
                waiting[other].append(here)
        late = _reach(last, waiting)
        early = _reach(first, self.edges)
        everyone = range(len(self.chosen))
        for here in last:
            for other in everyone:
                if other not in late:
                    self.edges[here].setdefault(other, "has after='*'")
        for here in first:
            how = f"has to wait for {self.chosen[here].name!r}, which has before='*'"
            for other in everyone:
                if other not in early:
                    self.edges[other].setdefault(here, how)

    def order(self) -> list[int]:
        """Sort by waves: whoever waits for nothing more is next, first come first.

        That is also the order in which lifespans start that never suspend. A circle is
        noted as an error and then taken for started, so that the next one is found.
        """
        waiting: list[list[int]] = [[] for _ in self.chosen]
        missing = [len(edges) for edges in self.edges]
        for here, edges in enumerate(self.edges):
            for other in edges:
                waiting[other].append(here)
        order: list[int] = []
        ready = deque(here for here, count in enumerate(missing) if not count)
        while len(order) < len(missing):
            if not ready:
                circle = self.find_circle(missing)
                for here in circle:
                    missing[here] = 0
                ready.extend(circle)
            here = ready.popleft()
            order.append(here)
            for other in waiting[here]:
                missing[other] -= 1
                if not missing[other]:
                    ready.append(other)
        return order

    def find_circle(self, missing: Sequence[int]) -> list[int]:
        """Find some that wait for one another among those that miss something."""
        here = next(here for here, count in enumerate(missing) if count > 0)
        path: dict[int, None] = {}
        while here not in path:
            path[here] = None
            here = next(other for other in self.edges[here] if missing[other] > 0)
        nodes = list(path)
        circle = nodes[nodes.index(here) :]
        links = [
            (self.chosen[one].origin, self.edges[one][other])
            for one, other in zip(circle, [*circle[1:], circle[0]], strict=True)
        ]
        self.errors.append(CycleError(links))
        return circle


def _needs(definition: Definition) -> Iterator[tuple[str, str]]:
    """Name what *definition* cannot do without, and how it asks for it."""
    for parameter in definition.parameters:
        if parameter.default is parameter.empty:
            yield parameter.name, f"takes {parameter.name!r}"
    for name in definition.requires:
        yield name, f"requires {name!r}"


def _reach(starts: Iterable[int], arrows: Sequence[Iterable[int]]) -> set[int]:
    """Return *starts* and all that the *arrows* lead to from them."""
    reached = set(starts)
    front = list(reached)
    while front:
        for other in arrows[front.pop()]:
            if other not in reached:
                reached.add(other)
                front.append(other)
    return reached
