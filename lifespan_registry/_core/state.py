"""What lifespans leave behind for requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, TypeGuard

from lifespan_registry._core.definition import Definition
from lifespan_registry.exceptions import BadStateKeyError, MissingKeyError

MARK = "lifespan_registry:"
"""How the keys begin under which a state holds the runs that have filled it."""

ENVIRON_KEY = "lifespan_registry.state"
"""Where a request has its state that has no scope, but an environ: one under WSGI."""


class State(MutableMapping[str, Any]):
    """A mapping with attribute access: ``state["db"]``, ``state.db``.

    It is a view of the state of a request's scope, or of a run. What is set on it is
    set there: on a request it is the request's own; the state of a run is read-only
    and refuses with TypeError. A missing key is a `MissingKeyError`, which is a
    KeyError and an AttributeError, and lists what is published.
    """

    # A key that is also the name of a method is reached by state["..."] alone.
    __slots__ = ("mapping",)
    mapping: Mapping[str, Any]

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        object.__setattr__(self, "mapping", mapping)

    def __getitem__(self, key: str) -> Any:
        try:
            return self.mapping[key]
        except KeyError:
            raise self._missing(key) from None

    def __getattr__(self, key: str) -> Any:
        # Python's own protocols (copy, pickle) probe for names like these, and without
        # a mapping there is nothing to look into.
        if key.startswith("__") or key == "mapping":
            raise AttributeError(key)
        return self[key]

    def __setitem__(self, key: str, value: object) -> None:
        self._writable()[key] = value

    def __setattr__(self, key: str, value: object) -> None:
        self._writable()[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self.mapping:
            raise self._missing(key)
        del self._writable()[key]

    def __delattr__(self, key: str) -> None:
        del self[key]

    def __iter__(self) -> Iterator[str]:
        return (key for key in self.mapping if not key.startswith(MARK))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return key in self.mapping

    def __repr__(self) -> str:
        return f"<State: {', '.join(self) or 'empty'}>"

    def __reduce__(self) -> tuple[object, ...]:
        # Without the marks: a run can be neither pickled nor copied.
        return type(self), (dict(self),)

    def _missing(self, key: str) -> MissingKeyError:
        """Make the error; the run that has filled the state may know the reason."""
        for mark, run in self.mapping.items():
            if mark.startswith(MARK):
                reason: str = run.why_missing(key)
                if reason:
                    return MissingKeyError(key, self, reason)
        return MissingKeyError(key, self)

    def _writable(self) -> MutableMapping[str, Any]:
        if isinstance(self.mapping, MutableMapping):
            return self.mapping
        message = (
            "the state of a run is read-only: what it holds is published by lifespans. "
            "What belongs to one request goes into the state of that request."
        )
        raise TypeError(message)


def announce_stop(state: Mapping[str, Any]) -> None:
    """Tell the runs that have filled *state* that they are about to be stopped."""
    for mark, run in state.items():
        if str(mark).startswith(MARK):
            run.announce_stop()


def published(definition: Definition, value: object) -> Mapping[str, Any]:
    """Return under which keys *value* is published.

    A mapping is published key by key, as ASGI frameworks do, unless the lifespan has a
    ``state_key=``; None is not published at all.
    """
    if value is None or (definition.keyed and definition.state_key is None):
        return {}
    if definition.state_key is not None:
        return {definition.state_key: value}
    if not _is_mapping(value):
        return {definition.name: value}
    for key in value:
        if not isinstance(key, str):
            raise BadStateKeyError(definition.origin, key)
    return value


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)
