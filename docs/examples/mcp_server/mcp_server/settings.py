"""Settings of an example that runs on one's own machine, and nowhere else."""

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "mcp_server"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "mcp_server.urls"
ASGI_APPLICATION = "mcp_server.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["console"], "level": level, "propagate": False}
        # The SDK logs every request at INFO.
        for name, level in (("lifespan_registry", "INFO"), ("mcp", "WARNING"))
    },
}
