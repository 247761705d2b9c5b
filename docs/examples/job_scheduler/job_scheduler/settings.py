"""Settings of an example that runs on one's own machine, and nowhere else."""

import os

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "job_scheduler"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "job_scheduler.urls"
ASGI_APPLICATION = "job_scheduler.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["console"], "level": "INFO"}
        for name in ("lifespan_registry", "job_scheduler")
    },
}

# Whether this process runs jobs, how often, and how long one takes.
JOBS = os.environ.get("JOBS", "on") == "on"
SECONDS_BETWEEN_JOBS = float(os.environ.get("SECONDS_BETWEEN_JOBS", "5"))
SECONDS_OF_A_JOB = float(os.environ.get("SECONDS_OF_A_JOB", "1"))
