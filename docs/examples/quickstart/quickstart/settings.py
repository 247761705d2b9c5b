"""Settings of an example that runs on one's own machine, and nowhere else."""

import os
from importlib.util import find_spec
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "lifespan_registry",
    "lifespan_registry.runserver",  # for manage.py runserver
    "lifespan_registry.servers.hypercorn",  # for Hypercorn with several workers
    "pulse",
]
if find_spec("daphne"):
    INSTALLED_APPS += ["lifespan_registry.servers.daphne"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "lifespan_registry.middleware.LifespanStateMiddleware",
]
ROOT_URLCONF = "quickstart.urls"
ASGI_APPLICATION = "quickstart.asgi.application"
WSGI_APPLICATION = "quickstart.wsgi.application"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
]
TIME_ZONE = "UTC"
USE_TZ = True

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["console"], "level": "INFO", "propagate": False}
        for name in ("lifespan_registry", "pulse")
    },
}

# What the example's own lifespans and views read.
DATABASE_FILE = BASE_DIR / "data" / "quickstart.sqlite3"
SERVERS_PAGE = BASE_DIR.parent.parent / "reference" / "servers.md"
SITE = os.environ.get("QUICKSTART_SITE", "http://127.0.0.1:8000")
SECONDS_BETWEEN_BEATS = float(os.environ.get("QUICKSTART_SECONDS", "5"))
