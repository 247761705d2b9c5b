"""The page of errors: every exception and every check, with its real message."""

from __future__ import annotations

import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.core.management import get_commands
from django.test import AsyncRequestFactory, RequestFactory, override_settings
from starlette.datastructures import State as StarletteState

from lifespan_registry import checks, exceptions
from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.checks import plan
from lifespan_registry.wsgi import LifespanWSGIApplication
from tests.docs.messages import EXAMPLES, FAMILIES
from tests.project import ROOT, shop

PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
SECTIONS = {
    part.partition("\n")[0]: part.partition("\n")[2]
    for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
}
PREFIX = "lifespan_registry."


def message(section: str) -> str:
    """Return the message that a section shows."""
    return SECTIONS[section].partition("```text\n")[2].partition("\n```")[0]


def test_no_error_is_missing_or_invented() -> None:
    """Every exception has one heading and one example; there are no others."""
    names = [name for name in exceptions.__all__ if name != "Origin"]
    headings = [heading for heading in SECTIONS if not heading.startswith(PREFIX)]
    examples = [*map(type, EXAMPLES), *FAMILIES]

    assert sorted(headings) == names
    assert sorted(one.__name__ for one in examples) == names


def ids() -> list[str]:
    """Return the ids in the modules of checks, in their order."""
    folder = Path(str(checks.__file__)).parent
    modules = [*folder.glob("*.py"), folder.parent / "servers" / "checks.py"]
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    return sorted({*re.findall(r"\"(lifespan_registry\.[EW]\d{3})\"", source)})


def test_no_check_is_missing_or_invented() -> None:
    """Every id in the modules of checks has one heading; there are no others."""
    assert [heading for heading in SECTIONS if heading.startswith(PREFIX)] == ids()


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_message(error: exceptions.LifespanError) -> None:
    """The message on the page is the one that the error prints, with what to do."""
    heading = type(error).__name__
    assert message(heading) == str(error)
    assert "\n**Cause.** " in SECTIONS[heading]
    assert "\n**Remedy.** " in SECTIONS[heading]


@pytest.mark.parametrize(("kind", "number"), plan.IDS.items())
def test_ids_of_errors(kind: type[Exception], number: str) -> None:
    """An error and its check id refer to each other."""
    anchor = number.replace(".", "").lower()
    assert f"[{number}](#{anchor})" in SECTIONS[kind.__name__]
    assert f"[{kind.__name__}](#{kind.__name__.lower()})" in SECTIONS[number]


def test_messages_of_others(tmp_path: Path) -> None:
    """The messages of Django and Python on the page are what they say."""
    asgi: Any = AsyncRequestFactory().get("/")
    wsgi: Any = RequestFactory().get("/")
    with pytest.raises(AttributeError) as no_middleware:
        _ = asgi.state
    with pytest.raises(AttributeError) as no_scope:
        _ = wsgi.scope
    with pytest.raises(KeyError) as no_state:
        _ = asgi.scope["state"]
    with pytest.raises(AttributeError) as no_key:
        _ = StarletteState().db
    command = shop(tmp_path, {}, "INSTALLED_APPS = []\n").manage("lifespans")
    # As a WSGI server calls the one, and Uvicorn the other.
    asgi_application: Any = LifespanApplication(test_message)
    wsgi_application: Any = LifespanWSGIApplication(test_message)
    with pytest.raises(TypeError) as not_asgi:
        asgi_application({}, print)
    with pytest.raises(TypeError) as not_wsgi:
        wsgi_application({})

    table = PAGE.partition("\n## Messages of Django and Python\n")[2]
    assert re.findall(r"^\| `(.*?)` \|", table, flags=re.MULTILINE) == [
        str(no_middleware.value),
        str(no_scope.value),
        f"KeyError: {no_state.value}",
        str(no_key.value),
        command.stderr.splitlines()[0],
        str(not_asgi.value),
        str(not_wsgi.value),
    ]


def test_messages_of_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages of the other checks on the page are what the checks say."""
    asgi = ModuleType("mysite.asgi")
    asgi.__dict__["application"] = test_message
    monkeypatch.setitem(sys.modules, "mysite", ModuleType("mysite"))
    monkeypatch.setitem(sys.modules, "mysite.asgi", asgi)
    monkeypatch.setitem(sys.modules, "mysite.wsgi", asgi)
    asgi.__spec__ = ModuleSpec("mysite.asgi", None)
    middleware = "lifespan_registry.middleware.LifespanStateMiddleware"
    hypercorn = "lifespan_registry.servers.hypercorn"
    settings: list[dict[str, Any]] = [
        {"LIFESPAN_REGISTRY": ["MODULE"]},
        {"LIFESPAN_REGISTRY": {"startup_timeout": 1}},
        {"LIFESPAN_REGISTRY": {"STARTUP_TIMEOUT": "30"}},
        {"ASGI_APPLICATION": "mysite.asgi.application"},
        {"ASGI_APPLICATION": "mysite.asgi.app"},
        {"WSGI_APPLICATION": "mysite.wsgi.application"},
        {},  # where Daphne's command wins
        {
            "INSTALLED_APPS": [
                "lifespan_registry",
                "django.contrib.staticfiles",
                "lifespan_registry.runserver",
            ]
        },
        {"MIDDLEWARE": [middleware, middleware]},
        {"INSTALLED_APPS": ["lifespan_registry.servers", "lifespan_registry"]},
        {"INSTALLED_APPS": [hypercorn]},
    ]
    said: list[CheckMessage] = []
    for one in settings:
        get_commands.cache_clear()
        if not one:
            get_commands()["runserver"] = "daphne"
        with override_settings(STATIC_URL="static/", **one):
            said += run_checks(tags=[checks.TAG])
    get_commands.cache_clear()

    warnings = sorted(one for one in SECTIONS if one.startswith(f"{PREFIX}W"))
    assert [f"{one.msg}\nHINT: {one.hint}" for one in said] == [
        message(PREFIX + number) for number in ("E001", "E002", "E003")
    ] + [message(number) for number in warnings]
    levels = {one.level: str(one.id).removeprefix(PREFIX)[0] for one in said}
    assert levels == {ERROR: "E", WARNING: "W"}
