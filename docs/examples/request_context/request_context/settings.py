"""Settings of an example that runs on one's own machine, and nowhere else."""

import structlog

from request_context.log import add_trace

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "request_context"]
MIDDLEWARE = ["request_context.middleware.logged"]
ROOT_URLCONF = "request_context.urls"
ASGI_APPLICATION = "request_context.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"lifespan_registry": {"handlers": ["console"], "level": "INFO"}},
}

# Each line of the log has what is bound in its context, and the trace that it is of.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        add_trace,
        structlog.processors.add_log_level,
        structlog.processors.LogfmtRenderer(key_order=["level", "event"]),
    ]
)

RELEASE = "2026.11"
