"""The check that cannot come from the app ``lifespan_registry``: that it is there."""

from __future__ import annotations

from django.apps import apps
from django.core.checks import CheckMessage, Warning, register  # noqa: A004


def register_checks() -> None:
    """Register it; every app for one server does, as it is ready."""
    register(check_registry, "lifespans")


def check_registry(**_kwargs: object) -> list[CheckMessage]:
    """W008: the app that finds the lifespans is there."""
    names = [app.name for app in apps.get_app_configs()]
    ours = [name for name in names if name.startswith("lifespan_registry.")]
    if not ours or "lifespan_registry" in names:
        return []
    return [
        Warning(
            f"{ours[0]!r} is in INSTALLED_APPS, and 'lifespan_registry' is not: the "
            "modules 'lifespans' of the apps are not imported.",
            hint='Add the line "lifespan_registry", to INSTALLED_APPS.',
            id="lifespan_registry.W008",
        )
    ]
