"""Settings of an example that runs on one's own machine, and nowhere else."""

import os

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "open_telemetry"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "open_telemetry.urls"
ASGI_APPLICATION = "open_telemetry.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"lifespan_registry": {"handlers": ["console"], "level": "INFO"}},
}

# Whether the index of the search is broken: then the start fails.
BROKEN = os.environ.get("BROKEN") == "search"
