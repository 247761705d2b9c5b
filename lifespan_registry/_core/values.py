"""What the lifespans of one run have yielded, as long as it is within reach."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from lifespan_registry._core.definition import Definition
from lifespan_registry._core.plan import Plan
from lifespan_registry._core.state import published
from lifespan_registry.exceptions import Origin, PlanError, StateKeyError


class Values:
    """The values of one run by name, and what of them is published by key.

    *mark* is the key under which a state holds *run*, which has filled it.
    """

    def __init__(self, mark: str, run: object) -> None:
        self.held: dict[str, Any] = {}
        self.published: dict[str, Any] = {mark: run}
        self._mark = mark
        self._keys: dict[str, tuple[str, ...]] = {}
        self._owners: dict[str, Origin] = {}
        self._targets: list[MutableMapping[str, Any]] = [self.published]

    def check(self, plan: Plan) -> None:
        """Refuse before the start what is known to meet a key of an outer scope."""
        errors = [
            StateKeyError(key, step.origin, None)
            for step in plan
            if (key := step.definition.state_key) is not None
            and any(key in target for target in self._targets)
        ]
        if errors:
            raise PlanError(errors)

    def publish(self, definition: Definition, value: object) -> None:
        """Bring *value* within reach.

        Raises `StateKeyError` for a key that is taken, `BadStateKeyError` for one that
        is no string.
        """
        items = published(definition, value)
        for key in items:
            if any(key in target for target in self._targets):
                raise StateKeyError(key, definition.origin, self._owners.get(key))
        self.held[definition.name] = value
        if items:
            self._keys[definition.name] = tuple(items)
            self._owners.update(dict.fromkeys(items, definition.origin))
            for target in self._targets:
                target.update(items)

    def withdraw(self, name: str) -> None:
        """Put the value of *name* out of reach."""
        self.held.pop(name, None)
        for key in self._keys.pop(name, ()):
            for target in self._targets:
                target.pop(key, None)

    def share(self, target: MutableMapping[str, Any]) -> None:
        """Publish in *target* too, from now on; withdraw from there as well."""
        self._targets.append(target)

    def settle(self) -> None:
        """Mark the other targets as filled: the start is over."""
        for target in self._targets[1:]:
            target[self._mark] = self.published[self._mark]

    def check_shared(self, other: Origin) -> None:
        """Refuse that *other* has put a value of its own under a published key."""
        for target in self._targets:
            for key, owner in self._owners.items():
                if key in target and target[key] is not self.published.get(key):
                    raise StateKeyError(key, owner, other)

    def copy(self) -> dict[str, Any]:
        """Copy the state that requests are to have, with what others have put there."""
        return dict(self._targets[-1])

    def unshare(self) -> None:
        """Take out of the other targets that they belong to this run."""
        for target in self._targets[1:]:
            target.pop(self._mark, None)
        del self._targets[1:]

    def key_of(self, name: str) -> str | None:
        """Return the key under which the whole value of *name* is published."""
        for key in self._keys.get(name, ()):
            if self.published[key] is self.held[name]:
                return key
        return None
