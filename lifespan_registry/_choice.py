"""What classes say of their lifespans: attributes that all begin with one word."""

from __future__ import annotations

from collections.abc import Iterable

from lifespan_registry.exceptions import near_misses

PREFIX = "lifespan"


def check_names(cls: type, known: Iterable[str]) -> None:
    """Refuse what *cls* has under a name that begins so, and is none of *known*.

    Python would take a slip for an attribute of the user's own, and say nothing.
    Raises TypeError that says which one is meant.
    """
    known = sorted(known)
    for name in dir(cls):
        if name.startswith(PREFIX) and name not in known:
            # All look alike, for they begin alike: the nearest one is meant.
            close = near_misses(name, known)[:1] or known
            text = (
                f"{cls.__module__}.{cls.__qualname__}: nobody reads its attribute "
                f"{name!r}. Did you mean {' or '.join(map(repr, close))}?"
            )
            raise TypeError(text)
