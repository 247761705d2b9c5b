"""``manage.py check``, as it is run by hand and in CI."""

from __future__ import annotations

from pathlib import Path

from tests.project import shop


def test_manage_check(tmp_path: Path) -> None:
    """``manage.py check`` prints each with its id, and fails for errors alone."""
    project = shop(
        tmp_path,
        {
            "asgi.py": """\
                from django.core.asgi import get_asgi_application

                application = get_asgi_application()
            """,
            "shop/lifespans.py": """\
                from lifespan_registry import on_lifespan


                @on_lifespan
                async def search(databse):
                    yield
            """,
        },
        'ASGI_APPLICATION = "asgi.application"\n',
    )
    errors = (
        "?: (lifespan_registry.E005) 'search' (shop/lifespans.py:4) takes 'databse', "
        "but no lifespan is registered under the name 'databse'.\n"
        "\tHINT: Does it have @on_lifespan, and is the module that defines it "
        "imported? Of each app in INSTALLED_APPS, the module 'lifespans' is, by "
        "django.setup()."
    ).splitlines()
    warnings = (
        "?: (lifespan_registry.W001) ASGI_APPLICATION (asgi.application) is not "
        "wrapped in LifespanApplication: no lifespan will be started.\n"
        "\tHINT: In asgi.py: from lifespan_registry.asgi import LifespanApplication; "
        "application = LifespanApplication(get_asgi_application()). A router needs it "
        "under 'lifespan', too."
    ).splitlines()

    both = project.manage("check")
    project.write({"shop/lifespans.py": ""})
    warned = project.manage("check")
    with (tmp_path / "settings.py").open("a") as settings:
        settings.write('SILENCED_SYSTEM_CHECKS = ["lifespan_registry.W001"]\n')
    silent = project.manage("check", "--fail-level", "WARNING")

    assert (both.returncode, warned.returncode, silent.returncode) == (1, 0, 0)
    assert spoken(both.stderr) == [
        "SystemCheckError: System check identified some issues:",
        "ERRORS:",
        *errors,
        "WARNINGS:",
        *warnings,
        "System check identified 2 issues (0 silenced).",
    ]
    assert spoken(warned.stderr) == [
        "System check identified some issues:",
        "WARNINGS:",
        *warnings,
        "System check identified 1 issue (0 silenced).",
    ]
    assert silent.stdout == "System check identified no issues (1 silenced).\n"


def spoken(text: str) -> list[str]:
    """Return the lines that say something."""
    return [line for line in text.splitlines() if line]
