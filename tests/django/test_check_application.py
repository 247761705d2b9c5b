"""The check of ``ASGI_APPLICATION``: would a lifespan scope meet the wrapper?"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.test import override_settings

from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.checks.application import is_wrapped

pytestmark = pytest.mark.usefixtures("default")


class Around:
    """An ASGI middleware that keeps what it wraps in an attribute."""

    def __init__(self, app: Any) -> None:
        self.inner = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self.inner(scope, receive, send)


class Slotted(Around):
    """The same, without a dict."""

    __slots__ = ("inner",)


class OneSlot:
    """The same, with its one slot as a text."""

    __slots__ = "inner"  # noqa: PLC0205 - Python allows it

    def __init__(self, app: Any) -> None:
        self.inner = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self.inner(scope, receive, send)


class Router:
    """A router by type of scope, in the manner of Channels."""

    def __init__(self, mapping: dict[str, Any]) -> None:
        self.application_mapping = mapping

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on by type."""
        await self.application_mapping[scope["type"]](scope, receive, send)


def closure(app: Any) -> Any:
    """Wrap *app* in a function."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return middleware


def by_scope(mapping: dict[str, Any]) -> Any:
    """Route in a function."""

    async def router(scope: Any, receive: Any, send: Any) -> None:
        await mapping[scope["type"]](scope, receive, send)

    return router


async def pass_on(inner: Any, scope: Any, receive: Any, send: Any) -> None:
    """Pass everything on to *inner*, which a partial object fills in."""
    await inner(scope, receive, send)


WRAPPED = LifespanApplication(get_asgi_application())
PLAIN = get_asgi_application()


async def by_name(scope: Any, receive: Any, send: Any) -> None:
    """Pass everything on to a global variable."""
    await WRAPPED(scope, receive, send)


async def not_by_name(scope: Any, receive: Any, send: Any) -> None:
    """Pass everything on to a global variable that is not wrapped."""
    await PLAIN(scope, receive, send)


async def pass_on_to(scope: Any, receive: Any, send: Any, inner: Any) -> None:
    """Pass everything on to *inner*, likewise."""
    await inner(scope, receive, send)


async def serves(application: Any) -> bool:
    """Tell whether *application* really starts and stops lifespans."""
    questions = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
    answers: list[str] = []

    async def receive() -> dict[str, str]:
        return next(questions)

    async def send(message: dict[str, str]) -> None:
        answers.append(message["type"])

    with suppress(ValueError, KeyError):  # of Django, and of routers
        await application({"type": "lifespan"}, receive, send)
    return answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@override_settings(STATIC_URL="static/")
@pytest.mark.parametrize(
    "around",
    [
        lambda app: app,
        Around,
        Slotted,
        OneSlot,
        closure,
        ASGIStaticFilesHandler,
        lambda app: Around(closure(Slotted(app))),
        lambda app: Around(app).__call__,
        lambda app: functools.partial(pass_on, app),
        lambda app: functools.partial(pass_on_to, inner=app),
        lambda app: Router({"http": PLAIN, "lifespan": app}),
        lambda app: by_scope({"http": PLAIN, "lifespan": app}),
    ],
)
async def test_wrapped(around: Callable[[Any], Any]) -> None:
    """The wrapper is found inside others, and is missed where it is not there."""
    assert is_wrapped(around(WRAPPED))
    assert not is_wrapped(around(PLAIN))
    assert await serves(around(WRAPPED))
    assert not await serves(around(PLAIN))


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        (by_name, True),
        (not_by_name, False),
        (Router({"http": WRAPPED}), False),
        (Router({"http": WRAPPED, "lifespan": PLAIN}), False),
    ],
)
async def test_only_what_meets_the_lifespan_scope_counts(
    application: Any, *, expected: bool
) -> None:
    """Global variables are looked into; a router with it under "http" alone is not."""
    assert is_wrapped(application) is await serves(application) is expected


async def test_variable_that_has_no_value_yet() -> None:
    """A function that will wrap what is not there yet is not wrapped yet."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    assert not is_wrapped(middleware)
    app = LifespanApplication(get_asgi_application())
    assert is_wrapped(middleware)
    assert await serves(middleware)


def test_class_is_not_wrapped() -> None:
    """The wrapper's class is not the wrapper."""
    assert not is_wrapped(LifespanApplication)


def test_things_that_lead_in_a_circle() -> None:
    """Objects that know each other are looked at once."""
    one, other = Around(None), Around(None)
    one.inner, other.inner = other, one
    assert not is_wrapped(one)
