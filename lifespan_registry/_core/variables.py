"""Context variables: what lifespans set is seen by those that wait for them.

Each lifespan starts in a context of its own, so that two that start at the same time do
not see each other's, and so that a token resets at exit what it has set at enter
(`contextvars` allows that in the same context alone).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import Context, ContextVar
from typing import Any, TypeAlias

Changes: TypeAlias = Mapping[ContextVar[Any], tuple[int, Any]]
"""What lifespans have set: of each variable who set it, by the place, and the value."""

NONE: Changes = {}

OF_EACH_REQUEST = frozenset({"asgiref.local", "decimal_context"})
"""Names of variables behind which objects stand that no two requests may share.

Django keeps its caches and the active language in the first one; a lifespan sets it
whenever it uses a cache. The second one is Python's own.
"""

_UNSET: Any = object()


def merged(several: Iterable[Changes]) -> Changes:
    """Join the changes of several lifespans; who starts last has the last word."""
    result: dict[ContextVar[Any], tuple[int, Any]] = {}
    for changes in several:
        for variable, change in changes.items():
            if variable not in result or result[variable][0] < change[0]:
                result[variable] = change
    return result or NONE


def for_requests(several: Iterable[Changes]) -> Changes:
    """Join the changes of all lifespans, without what each request has of its own."""
    return {
        variable: change
        for variable, change in merged(several).items()
        if variable.name not in OF_EACH_REQUEST
    }


def apply(changes: Changes, base: Context) -> None:
    """Set *changes* in the current context.

    A variable that no longer has the value from *base* stays as it is: an application
    around the wrapper has set it for this request.
    """
    for variable, (_, value) in changes.items():
        if variable.get(_UNSET) is base.get(variable, _UNSET):
            variable.set(value)


def changed(before: Context, after: Context, inherited: Changes, place: int) -> Changes:
    """Return *inherited* with what has been set between *before* and *after*."""
    own = {
        variable: (place, value)
        for variable, value in after.items()
        if before.get(variable, _UNSET) is not value
    }
    return {**inherited, **own} if own else inherited
