"""What happens with each of the peers, tried out.

Each function here tries one thing with one peer, and returns what has come of it in
a word or two: what stands in its cell of the table.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from importlib import metadata
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.asgi.lazy import event_loop_ends
from tests.benchmarks.requests import SCOPE
from tests.peers.forms import Application, Around, Function, in_chains
from tests.peers.known import OURS, Peer
from tests.peers.talk import Talk, noting
from tests.project import ROOT

YES, NO, NOT_ITS_BUSINESS = "yes", "no", "-"

STARTS_WITHOUT = "no, but the server is told that it has started"

BRIEFLY, LONGER = 0.5, 1.0
"""How many seconds one waits for what does not come."""

LIMIT = 0.1
"""How many seconds a start or a stop may take, where that can be said."""

PYTHON = "3.13"
"""For which one the packages are counted: the one that is measured with."""


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Serve nobody, and speak no lifespan."""
    if scope["type"] == "lifespan":
        message = "knows no lifespan"
        raise ValueError(message)


def said(outcome: bool) -> str:  # noqa: FBT001
    """Say it in a word."""
    return YES if outcome else NO


def application(peer: Peer, *functions: Function) -> Application:
    """Return an application of *peer* with these lifespans."""
    app: Application = peer.form.application(functions, nothing)
    return app


# --- the start and the stop -----------------------------------------------------------


async def starts_together(peer: Peer) -> str:
    """Two wait for one another while they start."""
    return await _meet(peer, "enter")


async def stops_together(peer: Peer) -> str:
    """Two wait for one another while they stop."""
    return await _meet(peer, "leave")


async def _meet(peer: Peer, where: str) -> str:
    both = asyncio.Barrier(2)
    met: list[int] = []

    async def meet() -> None:
        with contextlib.suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(BRIEFLY):
                met.append(await both.wait())

    hooks: dict[str, Any] = {where: meet}
    app = application(peer, *(noting([], name, **hooks) for name in "ab"))
    async with Talk(app, {}) as talk:
        assert await talk.start()
        assert await talk.stop()
    return said(len(met) == 2)


async def waits_for_nothing_else(peer: Peer) -> str:
    """Of two chains, the first of one starts only when the last of the other has."""
    started = asyncio.Event()
    outcome = NO

    async def wait() -> None:
        nonlocal outcome
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BRIEFLY):
                await started.wait()
                outcome = YES

    async def tell() -> None:
        started.set()

    chains = [
        [noting([], "a1", enter=wait), noting([], "a2")],
        [noting([], "b1"), noting([], "b2", enter=tell)],
    ]
    async with Talk(in_chains(peer.form, chains, nothing), {}) as talk:
        assert await talk.start()
        assert await talk.stop()
    return outcome


async def keeps_to_one_task(peer: Peer) -> str:
    """One notes in which task it is started, and in which it is stopped."""
    tasks: list[object] = []

    async def note() -> None:
        tasks.append(asyncio.current_task())

    app = application(peer, noting([], "a", enter=note, leave=note))
    async with Talk(app, {}) as talk:
        assert await talk.start()
        assert await talk.stop()
    first, second = tasks
    return said(first is second)


async def starts_again(peer: Peer) -> str:
    """The same application is started and stopped twice."""
    log: list[str] = []
    app = application(peer, noting(log, "a"))
    for _ in range(2):
        async with Talk(app, {}) as talk:
            await talk.start()
            await talk.stop()
    return said(log == ["+a", "-a", "+a", "-a"])


async def answers_once(peer: Peer) -> str:
    """All goes well, and what the server is told is counted."""
    async with Talk(application(peer, noting([], "a")), {}) as talk:
        assert await talk.start()
        assert await talk.stop()
    kinds = [message["type"] for message in talk.said]
    return said(kinds.count("lifespan.shutdown.complete") == 1)


async def runs_the_inner_lifespan(peer: Peer) -> str:
    """The application inside has a lifespan of its own."""
    if peer.form.AROUND is not Around.ANYTHING:
        return NOT_ITS_BUSINESS
    heard: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                heard.append((await receive())["type"])
                await send({"type": f"lifespan.{phase}.complete"})

    app = peer.form.application([noting([], "a")], inner)
    async with Talk(app, {}) as talk:
        assert await talk.start()
        assert await talk.stop()
    return said(heard == ["lifespan.startup", "lifespan.shutdown"])


# --- failures -------------------------------------------------------------------------


async def fail() -> None:
    """Fail as a lifespan does that cannot reach what it needs."""
    message = "connection refused"
    raise ConnectionError(message)


async def failed_start_closes(peer: Peer) -> str:
    """The second one cannot start."""
    return await _closes(peer, guarded=True)


async def failed_start_closes_without_try(peer: Peer) -> str:
    """The second one cannot start; the first is written without ``try``."""
    return await _closes(peer, guarded=False)


async def _closes(peer: Peer, *, guarded: bool) -> str:
    log: list[str] = []
    first = noting(log, "a", guarded=guarded)
    app = application(peer, first, noting(log, "b", enter=fail))
    async with Talk(app, {}) as talk:
        assert await talk.ask("startup") == "lifespan.startup.failed"
        await asyncio.wait((talk.task,), timeout=BRIEFLY)
        # What closes only because it is thrown away has not been closed in time.
        return said(log == ["+a", "-a"])


async def failed_start_names_it(peer: Peer) -> str:
    """What the server is told has the function's name, or has it not."""

    async def search_index(app: Any = None) -> AsyncIterator[Mapping[str, Any]]:
        await fail()
        yield {}

    async with Talk(application(peer, search_index), {}) as talk:
        assert await talk.ask("startup") == "lifespan.startup.failed"
    return said("search_index" in talk.said[-1].get("message", ""))


async def failed_stop_closes(peer: Peer) -> str:
    """The one that is stopped first cannot stop."""
    log: list[str] = []
    app = application(peer, noting(log, "a"), noting(log, "b", leave=fail))
    async with Talk(app, {}) as talk:
        assert await talk.start()
        assert not await talk.stop()
        return said("-a" in log)


async def crash_leaves_the_others(peer: Peer) -> str:
    """A task in a task group dies while the server serves."""
    log: list[str] = []
    await _crash(peer, log)
    return said("-a" not in log)


async def crash_keeps_nobody_open(peer: Peer) -> str:
    """A task in a task group dies, and later the server stops."""
    log: list[str] = []
    await _crash(peer, log, stops=True)
    return said("-a" in log)


async def crash_is_told(peer: Peer) -> str:
    """A task in a task group dies, and the log or the server hears of what."""
    records = Records()
    root = logging.getLogger()
    root.addHandler(records)
    try:
        messages = await _crash(peer, [])
    finally:
        root.removeHandler(records)
    text = "\n".join((*records.texts, *messages))
    return said("connection refused" in text)


class Records(logging.Handler):
    """The texts of records, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(logging.Formatter().format(record))


async def _crash(peer: Peer, log: list[str], *, stops: bool = False) -> list[str]:
    """Have a task die; return what the server has been told by then."""
    broken = asyncio.Event()

    async def consume() -> None:
        await broken.wait()
        await fail()

    async def consumer(app: Any = None) -> AsyncIterator[Mapping[str, Any]]:
        async with asyncio.TaskGroup() as group:
            group.create_task(consume())
            yield {}

    happened: list[str] = []
    async with Talk(application(peer, noting(happened, "a"), consumer), {}) as talk:
        assert await talk.start()
        broken.set()
        # Many more turns than it takes whoever notices.
        for _ in range(100):
            await asyncio.sleep(0)
        if stops and not talk.task.done():
            await talk.stop()
        # What is closed only with the event loop is not closed by a stop.
        log += happened
        return [str(one.get("message")) for one in talk.said]


# --- time limits ----------------------------------------------------------------------


async def limits_the_start(peer: Peer) -> str:
    """One hangs while it starts; a limit, where there is one, is short."""
    app = application(peer, noting([], "a", enter=hang))
    limit(peer, app)
    async with Talk(app, {}) as talk:
        return said(bool(await talk.ask("startup", within=LONGER)))


async def limits_the_stop(peer: Peer) -> str:
    """One hangs while it stops; a limit, where there is one, is short."""
    app = application(peer, noting([], "a", leave=hang))
    limit(peer, app)
    async with Talk(app, {}) as talk:
        assert await talk.start()
        return said(bool(await talk.ask("shutdown", within=LONGER)))


async def hang() -> None:
    """Do not come back."""
    await asyncio.Event().wait()


def limit(peer: Peer, app: Any) -> None:
    """Let a start and a stop take little time, where that can be said."""
    if hasattr(peer.form, "limit"):
        peer.form.limit(app, LIMIT)


# --- values ---------------------------------------------------------------------------


async def refuses_one_key_twice(peer: Peer) -> str:
    """Two lifespans give a value under one key."""
    if not getattr(peer.form, "COLLECTS", False):
        return NOT_ITS_BUSINESS
    both = (noting([], name, values={"x": name}) for name in "ab")
    async with Talk(application(peer, *both), {}) as talk:
        if has_started := await talk.start():
            await talk.stop()
    return said(not has_started)


async def keeps_closed_values_back(peer: Peer) -> str:
    """A view that goes on after the stop reads a value again."""
    if peer.form.READ is None:
        return NOT_ITS_BUSINESS
    value = object()
    state: dict[str, Any] = {}
    app = peer.form.with_value(value, nothing)
    async with Talk(app, state) as talk:
        assert await talk.start()
        names = peer.form.read_in(app, {**SCOPE, "state": state.copy()})
        assert eval(peer.form.READ, names) is value
        assert await talk.stop()
    try:
        return said(eval(peer.form.READ, names) is not value)
    except Exception:
        return YES


# --- servers --------------------------------------------------------------------------


async def does_without_state(peer: Peer) -> str:
    """The server sends lifespan, and has no state; a view reads the value."""
    if peer.form.READ is None:
        return NOT_ITS_BUSINESS
    value = object()
    app = peer.form.with_value(value, nothing)
    async with Talk(app, None) as talk:
        if not await talk.start():
            return NO
        try:
            found = eval(peer.form.READ, peer.form.read_in(app, {**SCOPE}))
        except Exception:
            found = None
        await talk.stop()
    return YES if found is value else STARTS_WITHOUT


async def does_without_lifespan(peer: Peer) -> str:
    """The server sends no lifespan, but a request."""
    log: list[str] = []
    app = application(peer, noting(log, "a"))

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    async with event_loop_ends():
        with contextlib.suppress(Exception):
            await app({**SCOPE}, receive, send)
        return said("+a" in log)


async def runs_on_trio(peer: Peer) -> str:
    """It is started and stopped in an event loop that is not asyncio's."""
    trio = pytest.importorskip("trio")
    log: list[str] = []
    app = application(peer, noting(log, "a"))

    async def serve() -> list[str]:
        messages = ["lifespan.startup", "lifespan.shutdown"]
        answers: list[str] = []

        async def receive() -> Mapping[str, str]:
            return {"type": messages.pop(0)}

        async def send(message: Mapping[str, Any]) -> None:
            answers.append(message["type"])

        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        with contextlib.suppress(Exception):
            await app(scope, receive, send)
        return answers

    answers = await asyncio.to_thread(trio.run, serve)
    return said(log == ["+a", "-a"] and "lifespan.shutdown.complete" in answers)


# --- what it asks for -----------------------------------------------------------------


async def oldest_python(peer: Peer) -> str:
    """The metadata has it."""
    minimum = re.search(r">=([\d.]+)", _wants(peer)[0])
    return minimum[1] if minimum else "any"


async def packages(peer: Peer) -> str:
    """The metadata has them: those of an installation with no extra, on `PYTHON`."""
    where = {
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.0",
        "extra": "",
    }
    wanted = map(Requirement, _wants(peer)[1])
    names = {
        canonicalize_name(one.name)
        for one in wanted
        if one.marker is None or one.marker.evaluate(where)
    }
    return str(len(names))


def _wants(peer: Peer) -> tuple[str, list[str]]:
    """Return what Python and what packages *peer* wants."""
    if peer is OURS:
        with (ROOT / "pyproject.toml").open("rb") as file:
            project = tomllib.load(file)["project"]
        return project["requires-python"], project["dependencies"]
    if peer.distribution is None:
        return "", []
    distribution = metadata.distribution(peer.distribution)
    return distribution.metadata["Requires-Python"], distribution.requires or []
