"""Settings of an example that runs on one's own machine, and nowhere else."""

import os

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "message_consumer"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "message_consumer.urls"
ASGI_APPLICATION = "message_consumer.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["console"], "level": "INFO"}
        for name in ("lifespan_registry", "message_consumer")
    },
}

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

# How long it takes to handle an order.
SECONDS = float(os.environ.get("SECONDS", "0.1"))
