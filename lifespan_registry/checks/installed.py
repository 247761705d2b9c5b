"""Whether ``INSTALLED_APPS`` and ``MIDDLEWARE`` have what is needed, in its order."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004
from django.core.management import get_commands, load_command_class

MIDDLEWARE = "lifespan_registry.middleware.LifespanStateMiddleware"
RUNSERVER = "lifespan_registry.runserver"
DAPHNE = "lifespan_registry.servers.daphne"
HYPERCORN = "lifespan_registry.servers.hypercorn"
APPS = ("lifespan_registry", RUNSERVER, DAPHNE, HYPERCORN)


def check_runserver(**_kwargs: object) -> list[CheckMessage]:
    """W004, W005: the ``runserver`` that wins is one that starts lifespans."""
    # The first app in the list wins; Django's own command comes last.
    owner = get_commands()["runserver"]
    if apps.is_installed(RUNSERVER):
        if owner == RUNSERVER or _is_derived(owner):
            return []
        entry = _entry(owner)
        return [
            Warning(
                f"{RUNSERVER!r} is in INSTALLED_APPS, but manage.py runserver is the "
                f"command of {entry!r}, which comes before it.",
                hint=f'Move the line "{RUNSERVER}", above the line "{entry}",',
                id="lifespan_registry.W005",
            )
        ]
    if owner == "daphne" and not apps.is_installed(DAPHNE):
        return [
            Warning(
                "'daphne' is in INSTALLED_APPS, and manage.py runserver is its "
                "command. Daphne does not send the lifespan protocol.",
                hint=f'Add the line "{DAPHNE}", to INSTALLED_APPS.',
                id="lifespan_registry.W004",
            )
        ]
    return []


def check_middleware(**_kwargs: object) -> list[CheckMessage]:
    """W006: the middleware is there once at most."""
    count = list(settings.MIDDLEWARE).count(MIDDLEWARE)
    if count <= 1:
        return []
    return [
        Warning(
            f"MIDDLEWARE has {MIDDLEWARE!r} {count} times. The first one does all that "
            "there is to do.",
            hint="Keep the first.",
            id="lifespan_registry.W006",
        )
    ]


def check_apps(**_kwargs: object) -> list[CheckMessage]:
    """W007: what ``INSTALLED_APPS`` has of this package is an app."""
    return [
        Warning(
            f"{app.name!r} in INSTALLED_APPS is no app of this package: it has no "
            "effect there.",
            hint=f"Its apps are: {', '.join(APPS)}.",
            id="lifespan_registry.W007",
        )
        for app in apps.get_app_configs()
        if app.name.startswith("lifespan_registry.") and type(app) is AppConfig
    ]


def _is_derived(owner: str) -> bool:
    """Tell whether *owner* has made its command of ours; of what raises, it may."""
    try:
        ours = type(load_command_class(RUNSERVER, "runserver"))
        return isinstance(load_command_class(owner, "runserver"), ours)
    except Exception:  # noqa: BLE001 - the command tells itself, when it is run
        return True


def _entry(owner: str) -> str:
    """Return the line of ``INSTALLED_APPS`` that stands for the app *owner*."""
    if owner.startswith(DAPHNE):
        # It has put its own in the place of the command of Daphne.
        owner = "daphne"
    entries = zip(apps.get_app_configs(), settings.INSTALLED_APPS, strict=True)
    return next((entry for app, entry in entries if app.name == owner), owner)
