"""The app for ``INSTALLED_APPS``: finds the lifespans, and checks them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.core.signals import setting_changed
from django.utils.module_loading import autodiscover_modules

from lifespan_registry import checks, conf, signals
from lifespan_registry._core.registry import default_registry

logger = logging.getLogger("lifespan_registry")


class LifespanRegistryConfig(AppConfig):
    """Imports the ``lifespans`` module of each installed app."""

    name = "lifespan_registry"
    verbose_name = "Lifespans"

    def ready(self) -> None:
        """Take over the settings, and let every app register its lifespans."""
        # asgi.py may have imported the wrapper before the settings: then LOGGING, which
        # by default silences every logger that exists already, has silenced this one.
        logger.disabled = False
        _configure()
        default_registry.observe(signals.send)
        default_registry.is_probe = _is_probe
        for problem in conf.problems():
            # Of the checks, a server runs none.
            logger.warning("%s %s The default counts.", problem.text, problem.hint)
        setting_changed.connect(_on_setting_changed)
        for check in checks.CHECKS:
            register(check, checks.TAG)
        if module := conf.read().MODULE:
            autodiscover_modules(module, register_to=default_registry)


def _is_probe(request: Mapping[str, Any]) -> bool:
    # Only where requests start the lifespans it is asked.
    from lifespan_registry.views import is_probe  # noqa: PLC0415

    return is_probe(request)


def _configure() -> None:
    settings = conf.read()
    default_registry.limits = settings.limits
    default_registry.lazy = settings.LAZY
    default_registry.stopping_on_signal = settings.STOPPING_ON_SIGNAL


def _on_setting_changed(*, setting: str, **_kwargs: object) -> None:
    if setting == conf.NAME:
        _configure()
