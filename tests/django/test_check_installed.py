"""What ``manage.py check`` says of ``INSTALLED_APPS`` and ``MIDDLEWARE``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import get_commands
from django.test import override_settings

from lifespan_registry.checks import installed
from lifespan_registry.servers.checks import check_registry
from tests.project import Project, shop

RUNSERVER = "lifespan_registry.runserver"
STATIC = "django.contrib.staticfiles"
DAPHNE = "lifespan_registry.servers.daphne"
MIDDLEWARE = "lifespan_registry.middleware.LifespanStateMiddleware"

pytestmark = pytest.mark.usefixtures("default")


@pytest.fixture(autouse=True)
def _commands() -> Iterator[None]:
    """Each test has its own apps, and so its own commands."""
    get_commands.cache_clear()
    yield
    get_commands.cache_clear()


def said(*apps: str) -> list[tuple[str | None, str, str | None]]:
    """Return what the checks say of these apps beside ``lifespan_registry``."""
    with override_settings(
        INSTALLED_APPS=[*apps, "lifespan_registry"], STATIC_URL="static/"
    ):
        return [(one.id, one.msg, one.hint) for one in run_checks(tags=["lifespans"])]


def check(folder: Path, apps: list[str], files: dict[str, str] | None = None) -> str:
    """Return what ``manage.py check`` prints in a project with *apps*."""
    settings = f"INSTALLED_APPS = {apps!r}\nSTATIC_URL = 'static/'\n"
    project: Project = shop(folder, files or {}, settings)
    result = project.manage("check", "--tag", "lifespans")
    assert result.returncode == 0, result.stderr
    return result.stderr


def warning(number: str, text: str, hint: str) -> str:
    """Return what a warning looks like on the console."""
    return (
        "System check identified some issues:\n\nWARNINGS:\n"
        f"?: (lifespan_registry.{number}) {text}\n\tHINT: {hint}\n\n"
        "System check identified 1 issue (0 silenced).\n"
    )


@pytest.mark.parametrize(
    "apps",
    [(STATIC,), (RUNSERVER,), (RUNSERVER, STATIC), ("django.contrib.auth", RUNSERVER)],
)
def test_nothing_is_wrong(apps: tuple[str, ...]) -> None:
    """Ours first, or none of ours, is as it should be."""
    assert said(*apps, "django.contrib.contenttypes") == []


@pytest.mark.parametrize("entry", [STATIC, f"{STATIC}.apps.StaticFilesConfig"])
def test_w005_runserver_of_another_app(entry: str) -> None:
    """W005: another app's command wins; the hint has the lines as they stand there."""
    assert said(entry, RUNSERVER) == [
        (
            "lifespan_registry.W005",
            (
                f"'{RUNSERVER}' is in INSTALLED_APPS, but manage.py runserver is the "
                f"command of '{entry}', which comes before it."
            ),
            f'Move the line "{RUNSERVER}", above the line "{entry}",',
        )
    ]


OWN_COMMAND = """\
from lifespan_registry.runserver.management.commands import runserver


class Command(runserver.Command):
    pass
"""

BROKEN_COMMAND = "1 / 0\n"


@pytest.mark.parametrize("command", [OWN_COMMAND, BROKEN_COMMAND])
def test_command_made_of_ours(folder: Path, command: str) -> None:
    """An app may come first with a command made of ours; a broken one tells itself."""
    files = {"shop/management/commands/runserver.py": command}
    apps = ["shop", RUNSERVER, "lifespan_registry"]
    assert check(folder, apps, files) == ""


def test_command_that_cannot_be_loaded() -> None:
    """The same where all is in one process: what raises is no matter of this check."""
    assert installed._is_derived("an.app.that.is.gone")


def test_w004_daphne_without_ours(folder: Path) -> None:
    """W004: Daphne's command wins, and nothing has it start lifespans."""
    pytest.importorskip("daphne")
    assert check(folder, ["daphne", STATIC, "lifespan_registry"]) == warning(
        "W004",
        "'daphne' is in INSTALLED_APPS, and manage.py runserver is its command. "
        "Daphne does not send the lifespan protocol.",
        f'Add the line "{DAPHNE}", to INSTALLED_APPS.',
    )


@pytest.mark.parametrize(
    "apps", [["daphne", STATIC, DAPHNE], [RUNSERVER, "daphne", STATIC]]
)
def test_daphne_with_ours(folder: Path, apps: list[str]) -> None:
    """With an app of ours that sees to ``runserver`` nothing is wrong."""
    pytest.importorskip("daphne")
    assert check(folder, [*apps, "lifespan_registry"]) == ""


def test_w005_daphne_comes_first(folder: Path) -> None:
    """W005: the command of Daphne wins, even where ours has replaced it."""
    pytest.importorskip("daphne")
    apps = ["daphne", DAPHNE, RUNSERVER, "lifespan_registry"]
    assert check(folder, apps) == warning(
        "W005",
        f"'{RUNSERVER}' is in INSTALLED_APPS, but manage.py runserver is the command "
        "of 'daphne', which comes before it.",
        f'Move the line "{RUNSERVER}", above the line "daphne",',
    )


def test_w006_middleware_twice() -> None:
    """W006: the middleware is listed twice."""
    with override_settings(MIDDLEWARE=[MIDDLEWARE, MIDDLEWARE]):
        assert said() == [
            (
                "lifespan_registry.W006",
                (
                    f"MIDDLEWARE has '{MIDDLEWARE}' 2 times. The first one does all "
                    "that there is to do."
                ),
                "Keep the first.",
            )
        ]


def test_w007_no_app() -> None:
    """W007: Django takes any module for an app, and it does nothing there."""
    assert said("lifespan_registry.servers") == [
        (
            "lifespan_registry.W007",
            (
                "'lifespan_registry.servers' in INSTALLED_APPS is no app of this "
                "package: it has no effect there."
            ),
            (
                f"Its apps are: lifespan_registry, {RUNSERVER}, {DAPHNE}, "
                "lifespan_registry.servers.hypercorn."
            ),
        )
    ]


@pytest.mark.parametrize("app", [RUNSERVER, "lifespan_registry.servers.hypercorn"])
def test_w008_server_without_the_registry(folder: Path, app: str) -> None:
    """W008: an app for a server is there, and the app itself is not."""
    assert check(folder, [app]) == warning(
        "W008",
        f"{app!r} is in INSTALLED_APPS, and "
        "'lifespan_registry' is not: the modules 'lifespans' of the apps are not "
        "imported.",
        'Add the line "lifespan_registry", to INSTALLED_APPS.',
    )
    assert check_registry() == []
