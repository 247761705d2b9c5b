"""What ``docs/explanation/comparison.md`` says of each peer, and the tests assert."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.peers import behaviours
from tests.peers.behaviours import (
    NO,
    NOT_ITS_BUSINESS,
    PYTHON,
    STARTS_WITHOUT,
    YES,
)
from tests.peers.known import PEERS, Peer


class Claim(NamedTuple):
    """One line of the table: what is tried, and what has come of it with each peer."""

    what: str
    attempt: Callable[[Peer], Awaitable[str]]
    outcomes: tuple[str, ...]

    def outcome(self, peer: Peer) -> str:
        """Return what has come of it with *peer*."""
        return self.outcomes[PEERS.index(peer)]


Y, N, X = YES, NO, NOT_ITS_BUSINESS

# In the order of PEERS: ours, by hand, django-asgi-lifespan, aiodrf-asgi-lifespan,
# asgi-lifespan-middleware, fastapi-lifespan-manager, Starlette, Litestar, Quart.
CLAIMS = (
    Claim(
        "independent lifespans start at the same time",
        behaviours.starts_together,
        (Y, N, Y, N, N, N, N, N, N),
    ),
    Claim(
        "and stop at the same time",
        behaviours.stops_together,
        (Y, N, N, N, N, N, N, N, N),
    ),
    Claim(
        "one waits for what it needs, and for nothing else",
        behaviours.waits_for_nothing_else,
        (Y, N, Y, N, N, N, N, N, N),
    ),
    Claim(
        "each is started and stopped in one task",
        behaviours.keeps_to_one_task,
        (Y, Y, N, Y, Y, Y, Y, Y, Y),
    ),
    Claim(
        "the application can be started again",
        behaviours.starts_again,
        (Y, Y, Y, Y, Y, Y, Y, Y, N),
    ),
    Claim(
        "the server is told once that all has stopped",
        behaviours.answers_once,
        (Y, Y, Y, Y, N, Y, Y, Y, Y),
    ),
    Claim(
        "the lifespan of the application inside runs, too",
        behaviours.runs_the_inner_lifespan,
        (Y, N, X, N, Y, N, N, N, X),
    ),
    Claim(
        "a failed start closes what was open",
        behaviours.failed_start_closes,
        (Y, Y, N, Y, Y, Y, Y, Y, N),
    ),
    Claim(
        "also what is written without `try`",
        behaviours.failed_start_closes_without_try,
        (Y, N, N, N, N, N, N, N, N),
    ),
    Claim(
        "the server is told which function has failed",
        behaviours.failed_start_names_it,
        (Y, Y, N, Y, Y, Y, Y, Y, N),
    ),
    Claim(
        "a failed stop closes the others",
        behaviours.failed_stop_closes,
        (Y, Y, Y, Y, Y, Y, Y, Y, N),
    ),
    Claim(
        "a task that dies in a task group leaves the others open",
        behaviours.crash_leaves_the_others,
        (Y, N, Y, N, N, N, N, N, Y),
    ),
    Claim(
        "and all are closed at the stop",
        behaviours.crash_keeps_nobody_open,
        (Y, Y, Y, Y, Y, Y, Y, Y, N),
    ),
    Claim(
        "and its error is told at once",
        behaviours.crash_is_told,
        (Y, Y, Y, N, Y, Y, Y, Y, N),
    ),
    Claim(
        "a start that hangs is given up",
        behaviours.limits_the_start,
        (Y, N, N, N, N, N, N, N, N),
    ),
    Claim(
        "a stop that hangs is given up",
        behaviours.limits_the_stop,
        (Y, N, N, N, N, N, N, N, N),
    ),
    Claim(
        "one key for two values is an error",
        behaviours.refuses_one_key_twice,
        (Y, X, N, X, X, N, X, X, X),
    ),
    Claim(
        "a value that is closed is kept back",
        behaviours.keeps_closed_values_back,
        (Y, N, N, Y, X, N, N, N, N),
    ),
    Claim(
        "starts with values where the server has no state",
        behaviours.does_without_state,
        (Y, N, STARTS_WITHOUT, N, X, N, N, Y, Y),
    ),
    Claim(
        "starts where the server sends no lifespan",
        behaviours.does_without_lifespan,
        (Y, N, N, N, N, N, N, N, N),
    ),
    Claim(
        "runs on trio",
        behaviours.runs_on_trio,
        (N, Y, N, Y, Y, Y, Y, Y, N),
    ),
    Claim(
        "oldest Python",
        behaviours.oldest_python,
        ("3.11", "any", "3.10", "3.12", "3.7", "3.8", "3.11", "3.8", "3.13"),
    ),
    Claim(
        f"packages that it needs, with Python {PYTHON}",
        behaviours.packages,
        ("3", "0", "2", "2", "0", "1", "1", "13", "9"),
    ),
)
