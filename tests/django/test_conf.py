"""The settings: what counts, and what is wrong with them."""

from __future__ import annotations

import math

import pytest
from django.conf import settings
from django.test import override_settings

from lifespan_registry import conf, default_registry
from lifespan_registry._core.conductor import Limits

SECONDS = "It takes seconds above 0; float('inf') never gives up."
MODULE = "It takes the name of a module in each app, or None to import none."
KNOWS = "It knows: STARTUP_TIMEOUT, SHUTDOWN_TIMEOUT, MODULE, LAZY, STOPPING_ON_SIGNAL."


def test_defaults() -> None:
    """Without the dict every setting has its default."""
    assert not hasattr(settings, "LIFESPAN_REGISTRY")
    assert conf.read() == (20.0, 10.0, "lifespans", True, False)
    assert list(conf.problems()) == []


@override_settings(
    LIFESPAN_REGISTRY={
        "STARTUP_TIMEOUT": 3,
        "SHUTDOWN_TIMEOUT": math.inf,
        "MODULE": "web.lifespans",
        "LAZY": False,
        "STOPPING_ON_SIGNAL": True,
    }
)
def test_given_settings_count() -> None:
    """Each key of the dict takes the place of its default."""
    assert conf.read() == (3, math.inf, "web.lifespans", False, True)
    assert conf.read().limits == Limits(3, math.inf)
    assert list(conf.problems()) == []


@pytest.mark.parametrize("given", [None, [], "STARTUP_TIMEOUT", 30])
def test_not_a_dict(given: object) -> None:
    """What is no dict is one problem, and the defaults count."""
    with override_settings(LIFESPAN_REGISTRY=given):
        assert list(conf.problems()) == [
            (
                None,
                f"LIFESPAN_REGISTRY is {given!r}.",
                'It takes a dict, as in LIFESPAN_REGISTRY = {"STARTUP_TIMEOUT": 30}.',
            )
        ]
        assert conf.read() == conf.Settings()


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("STARTUP_TIMEOT", "Did you mean 'STARTUP_TIMEOUT'?"),
        ("shutdown_timeout", "Did you mean 'SHUTDOWN_TIMEOUT'?"),
        ("PORT", KNOWS),
        (7, KNOWS),
    ],
)
def test_unknown_key(key: object, hint: str) -> None:
    """An unknown key is a problem that names what was meant; the others count."""
    with override_settings(LIFESPAN_REGISTRY={key: 1, "STARTUP_TIMEOUT": 5}):
        assert list(conf.problems()) == [
            (key, f"LIFESPAN_REGISTRY has an unknown key {key!r}.", hint)
        ]
        assert conf.read() == conf.Settings(STARTUP_TIMEOUT=5)


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("STARTUP_TIMEOUT", 0, SECONDS),
        ("STARTUP_TIMEOUT", -1.5, SECONDS),
        ("STARTUP_TIMEOUT", "20", SECONDS),
        ("STARTUP_TIMEOUT", True, SECONDS),
        ("SHUTDOWN_TIMEOUT", None, SECONDS),
        ("SHUTDOWN_TIMEOUT", math.nan, SECONDS),
        ("MODULE", "", MODULE),
        ("MODULE", "my lifespans", MODULE),
        ("MODULE", "web..lifespans", MODULE),
        ("MODULE", ["lifespans"], MODULE),
        ("LAZY", 0, "It takes True or False."),
        ("LAZY", "no", "It takes True or False."),
        ("STOPPING_ON_SIGNAL", None, "It takes True or False."),
    ],
)
def test_bad_value(key: str, value: object, hint: str) -> None:
    """A bad value is a problem that says what is taken; the default counts."""
    with override_settings(LIFESPAN_REGISTRY={key: value}):
        assert list(conf.problems()) == [
            (key, f"LIFESPAN_REGISTRY[{key!r}] is {value!r}.", hint)
        ]
        assert conf.read() == conf.Settings()


def test_limits_follow_the_settings() -> None:
    """The default registry has the limits of the settings, whenever they change."""
    limits = [default_registry.limits]
    with override_settings(LIFESPAN_REGISTRY={"STARTUP_TIMEOUT": 1}):
        limits.append(default_registry.limits)
        with override_settings(LIFESPAN_REGISTRY={"SHUTDOWN_TIMEOUT": 2}):
            limits.append(default_registry.limits)
        with override_settings(USE_TZ=False):
            limits.append(default_registry.limits)
    limits.append(default_registry.limits)
    assert limits == [(20, 10), (1, 10), (20, 2), (1, 10), (20, 10)]


def test_switches_follow_the_settings() -> None:
    """The default registry starts by a request, and listens, as the settings say."""

    def switches() -> tuple[bool, bool]:
        return default_registry.lazy, default_registry.stopping_on_signal

    before = switches()
    changed = {"LAZY": False, "STOPPING_ON_SIGNAL": True}
    with override_settings(LIFESPAN_REGISTRY=changed):
        assert switches() == (False, True)
    assert before == switches() == (True, False)
