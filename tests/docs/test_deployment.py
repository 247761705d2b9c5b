"""The page on deployment: its commands serve a project, its probes find their views."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory, override_settings
from django.urls import reverse

from lifespan_registry._core import conductor, telling
from tests.docs.pages import blocks
from tests.project import ROOT, Project
from tests.servers.ports import free_port

PATH = ROOT / "docs" / "how-to" / "deployment.md"
PAGE = PATH.read_text(encoding="utf-8")
COMMANDS = [
    *re.findall(r"^ExecStart=\S*/(.*)$", PAGE, re.MULTILINE),
    *(
        " ".join(json.loads(one))
        for one in re.findall(r"^CMD (.*)$", PAGE, re.MULTILINE)
    ),
    *re.findall(r"^web: (.*)$", PAGE, re.MULTILINE),
]
FILES = {
    "shop/lifespans.py": """\
        from lifespan_registry import on_lifespan

        @on_lifespan
        async def database():
            yield "a pool"
        """,
    "manage.py": """\
        import sys
        from django.core.management import execute_from_command_line
        execute_from_command_line(sys.argv)
        """,
    "mysite/asgi.py": """\
        from lifespan_registry.asgi import get_asgi_application

        application = get_asgi_application()
        """,
}
SETTINGS = """\
SECRET_KEY = "docs"
INSTALLED_APPS = ["lifespan_registry", "shop"]
ROOT_URLCONF = "mysite.urls"
"""
DEADLINE = 30.0
URLS = ModuleType("mysite.urls")
exec(  # they are those of the page
    next(one.text for one in blocks(PATH) if one.file == "mysite/urls.py"), vars(URLS)
)
LIVE, READY = (reverse(f"lifespans:{one}", URLS) for one in ("live", "ready"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with the settings and the addresses of the page."""
    files = {block.file: block.text for block in blocks(PATH) if block.file}
    settings = SETTINGS + files.pop("mysite/settings.py")
    made = Project(tmp_path, "mysite.settings")
    made.write({**FILES, **files, "mysite/settings.py": settings})
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_command(project: Project, command: str) -> None:
    """It serves with all lifespans, and stops them at SIGTERM, within its limits."""
    if find_spec(command.split(maxsplit=1)[0]) is None:
        pytest.skip("it is not installed")
    port = str(free_port())
    words = re.sub(r"\b8000\b|\$PORT", port, command).split()
    log = project.root / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=project.root,
            env={**project.environment, "PYTHONUNBUFFERED": "1"},
            stdout=out,
            stderr=out,
        )
    try:
        end = time.monotonic() + DEADLINE
        while not _is_ready(port):
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            assert server.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        server.wait(DEADLINE)
    finally:
        server.kill()
        server.wait()
    assert server.returncode in (0, -signal.SIGTERM)
    lines = log.read_text(encoding="utf-8")
    workers = 2 if "--workers 2" in command else 1
    assert lines.count("started database in") == workers
    assert lines.count("stopped database in") == workers


def _is_ready(port: str) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}{READY}")
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK


def test_there_are_commands() -> None:
    """Each kind of supervisor has one."""
    assert [command.split()[0] for command in COMMANDS] == [
        "gunicorn",
        "uvicorn",
        "gunicorn",
    ]


def test_smoke_test(project: Project) -> None:
    """The smoke test of the page passes; what it warns of is Django's affair."""
    found = re.findall(r"^python (manage.py (?:check|life).*)$", PAGE, re.MULTILINE)
    check, run = (project.python(*command.split()) for command in found)

    assert (check.returncode, run.returncode) == (0, 0)
    warnings = re.findall(r"^\?: \((\w+)\.\w+\)", check.stderr, re.MULTILINE)
    assert {*warnings} == {"security"}


def test_probes() -> None:
    """Every probe asks an address that there is, and the examples can be read."""
    yaml: Any = pytest.importorskip("yaml")
    texts = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    compose, kubernetes = map(yaml.safe_load, texts)
    (container,) = kubernetes["spec"]["template"]["spec"]["containers"]
    asked = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "liveness", "readiness")
    }

    assert asked == {"startup": LIVE, "liveness": LIVE, "readiness": READY}
    assert LIVE in str(compose["services"]["web"]["healthcheck"]["test"])


def test_grace_periods() -> None:
    """Every example of a supervisor waits for all that may take time at a stop."""
    yaml: Any = pytest.importorskip("yaml")
    texts = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    compose, kubernetes = map(yaml.safe_load, texts)
    pod = kubernetes["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    (requests,) = map(int, re.findall(r'"--timeout-graceful-shutdown", "(\d+)"', PAGE))
    (limit,) = map(int, re.findall(r'"SHUTDOWN_TIMEOUT": (\d+)', PAGE))
    lifespans, receivers = limit + conductor.GRACE, limit + telling.GRACE
    stop = requests + lifespans + receivers

    told = f"{requests} + {lifespans:g} + {receivers:g} = {stop:g} s"
    assert told in PAGE
    assert f"{before} more for its `preStop`" in PAGE
    assert int(compose["services"]["web"]["stop_grace_period"].rstrip("s")) > stop
    assert pod["terminationGracePeriodSeconds"] > before + stop
    # Those of gunicorn take as long as it lets its workers, and then some.
    (unit,) = map(int, re.findall(r"^TimeoutStopSec=(\d+)$", PAGE, re.MULTILINE))
    assert unit > 30 + receivers


def test_redirects_let_probes_through() -> None:
    """The setting of the page is for the two addresses that probes ask, and no more."""
    (pattern,) = re.findall(r'`SECURE_REDIRECT_EXEMPT = \["(.*)"\]`', PAGE)
    factory = RequestFactory()
    every = (LIVE, READY, reverse("lifespans:status", URLS))
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=[pattern]):
        middleware = SecurityMiddleware(lambda _: HttpResponse())
        answers = [middleware(factory.get(one)).status_code for one in every]
    assert answers == [200, 200, 301]
