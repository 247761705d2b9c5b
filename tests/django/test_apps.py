"""The app: finds the lifespans of every installed app as Django starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.test import override_settings

from lifespan_registry import Registry, default_registry
from tests.project import Project, shop

APP = """\
from lifespan_registry import on_lifespan


@on_lifespan
async def {name}():
    yield
"""

NAMES = """\
import django
from lifespan_registry import default_registry

django.setup()
print([lifespan.name for lifespan in default_registry])
"""


def found(project: Project) -> str:
    """Start Django in *project*, and return the names of what is registered."""
    result = project.python("-c", NAMES)
    assert (result.stderr, result.returncode) == ("", 0)
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ("", "['db', 'mail']"),
        ('LIFESPAN_REGISTRY = {"MODULE": "startup"}', "['other']"),
        ('LIFESPAN_REGISTRY = {"MODULE": "web.startup"}', "['inner']"),
        ('LIFESPAN_REGISTRY = {"MODULE": None}', "[]"),
    ],
)
def test_modules(tmp_path: Path, settings: str, names: str) -> None:
    """The module of each app that has one is imported, in the order of the apps."""
    project = shop(
        tmp_path,
        {
            "shop/lifespans.py": APP.format(name="db"),
            "shop/startup.py": APP.format(name="other"),
            "shop/web/startup.py": APP.format(name="inner"),
            "post/lifespans.py": APP.format(name="mail"),
            "bare/models.py": "",
        },
        f'INSTALLED_APPS += ["bare", "post"]\n{settings}\n',
    )
    assert found(project) == names


@pytest.mark.parametrize(
    ("slip", "last_line"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("import shop.nowhere", "ModuleNotFoundError: No module named 'shop.nowhere'"),
    ],
)
def test_module_that_raises(tmp_path: Path, slip: str, last_line: str) -> None:
    """A module that raises ends the start of Django with its own traceback."""
    project = shop(
        tmp_path, {"shop/lifespans.py": APP.format(name="db") + f"\n\n{slip}\n"}
    )
    result = project.manage("check")

    lines = result.stderr.splitlines()
    assert result.returncode == 1
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == last_line
    assert f'  File "{tmp_path}/shop/lifespans.py", line 9, in <module>' in lines
    # One traceback, not two: no error of Django's own hides it.
    assert lines.count(lines[0]) == 1


def test_module_that_raises_leaves_nothing(folder: Path, default: Registry) -> None:
    """What a module has registered before it raised is not registered."""
    project = Project(folder)
    project.write(
        {
            "half_good/lifespans.py": APP.format(name="good"),
            "half_done/lifespans.py": APP.format(name="half") + "\n\n1 / 0\n",
        }
    )
    names: list[list[str]] = []
    for installed_apps in (["half_done"], ["half_good", "half_done"]):
        installed = override_settings(
            INSTALLED_APPS=["lifespan_registry", *installed_apps]
        )
        with pytest.raises(ZeroDivisionError):
            installed.enable()
        names.append([lifespan.name for lifespan in default])

    assert names == [[], ["good"]]
    assert [config.name for config in apps.get_app_configs()] == ["lifespan_registry"]


def test_taken_over_as_django_starts(tmp_path: Path) -> None:
    """The time limits of the settings are those of the default registry."""
    project = shop(
        tmp_path,
        {},
        'LIFESPAN_REGISTRY = {"STARTUP_TIMEOUT": 3, "SHUTDOWN_TIMEOUT": 4.5}\n',
    )
    script = NAMES + "print(*default_registry.limits)\n"
    assert project.python("-c", script).stdout == "[]\n3 4.5\n"


def test_bad_settings_are_warned_of(tmp_path: Path) -> None:
    """As Django starts, each bad setting is logged once, and its default counts."""
    project = shop(
        tmp_path,
        {"shop/lifespans.py": APP.format(name="db")},
        'LIFESPAN_REGISTRY = {"MODULE": "no name", "STARTUP_TIMEOUT": "30", '
        '"SHUTDOWN_TIMEOUT": 4.5, "PORT": 1}\n',
    )
    result = project.python("-c", NAMES + "print(*default_registry.limits)\n")
    assert result.stdout == "['db']\n20.0 4.5\n"
    assert result.stderr == (
        "LIFESPAN_REGISTRY['MODULE'] is 'no name'. It takes the name of a module in "
        "each app, or None to import none. The default counts.\n"
        "LIFESPAN_REGISTRY['STARTUP_TIMEOUT'] is '30'. It takes seconds above 0; "
        "float('inf') never gives up. The default counts.\n"
        "LIFESPAN_REGISTRY has an unknown key 'PORT'. It knows: STARTUP_TIMEOUT, "
        "SHUTDOWN_TIMEOUT, MODULE, LAZY, STOPPING_ON_SIGNAL. The default counts.\n"
    )


def test_label() -> None:
    """The app is called by the name of the package."""
    config = apps.get_app_config("lifespan_registry")
    assert (config.name, str(config.verbose_name)) == ("lifespan_registry", "Lifespans")


def test_an_empty_registry_is_one() -> None:
    """A registry is true even when it is empty, so that Django takes it for one."""
    assert Registry()
    assert default_registry
