"""A project with Django's admin, its users, and Uvicorn that serves it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.project import Project
from tests.servers.ports import free_port
from tests.servers.process import WITHIN, Process

SETTINGS = """\
SECRET_KEY = "tests"
DEBUG = True
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "lifespan_registry",
    "shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "urls"
STATIC_URL = "static/"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
"""

URLS = """\
from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path
from lifespan_registry.views import status

urlpatterns = [
    path("admin/", admin.site.urls),
    path("lifespans/", include("lifespan_registry.urls")),
    path("status/", status),
    path("favicon.ico", lambda request: HttpResponse()),
    path("page/", lambda request: HttpResponse("<html><body>page</body></html>")),
]
"""

ASGI = """\
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from lifespan_registry.asgi import LifespanApplication

application = LifespanApplication(ASGIStaticFilesHandler(get_asgi_application()))
"""

USERS = """\
from django.contrib.auth.models import User

User.objects.create_superuser("boss", password="secret")
User.objects.create_user("customer", password="secret")
"""


class Site(NamedTuple):
    """The project, while it is served."""

    folder: Path
    process: Process
    address: str

    def get(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask for *path*, without a browser."""
        return httpx.get(self.address + path, headers=headers, trust_env=False)


@contextlib.contextmanager
def site(
    folder: Path,
    lifespans: str,
    *,
    settings: str = "",
    urls: str = "",
    has_users: bool = False,
) -> Iterator[Site]:
    """Serve a project in *folder*, with *settings* and *urls* at the end of its own."""
    project = Project(folder)
    project.write({"settings.py": SETTINGS + settings, "urls.py": URLS + urls})
    project.write({"asgi.py": ASGI, "shop/lifespans.py": lifespans})
    if has_users:
        for command in (("migrate", "-v0"), ("shell", "-v0", "-c", USERS)):
            done = project.manage(*command)
            assert done.returncode == 0, done.stderr
    port = free_port()
    environment = {**project.environment, "PYTHONDEVMODE": "1"}
    arguments = ("asgi:application", "--port", str(port), "--lifespan", "on")
    with Process(
        "uvicorn", *arguments, environment=environment, root=folder
    ) as process:
        process.wait_for("Application startup complete")
        address = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(address)
        yield Site(folder, process, address)
        process.terminate()
        process.wait()


def _wait_until_it_answers(address: str) -> None:
    deadline = time.monotonic() + WITHIN
    while True:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{address}/lifespans/live", trust_env=False)
            return
        assert time.monotonic() < deadline, "it does not answer"
        time.sleep(0.05)
