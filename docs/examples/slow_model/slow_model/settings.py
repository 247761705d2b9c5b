"""Settings of an example that runs on one's own machine, and nowhere else."""

import os

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "slow_model"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "slow_model.urls"
ASGI_APPLICATION = "slow_model.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"lifespan_registry": {"handlers": ["console"], "level": "INFO"}},
}

# How long it takes to load the model, and how long the model thinks.
SECONDS_TO_LOAD = float(os.environ.get("SECONDS_TO_LOAD", "3"))
SECONDS_TO_THINK = float(os.environ.get("SECONDS_TO_THINK", "1"))
