"""Settings of an example that runs on one's own machine, and nowhere else."""

import os

from psycopg.conninfo import conninfo_to_dict

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "postgres_pool"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "postgres_pool.urls"
ASGI_APPLICATION = "postgres_pool.asgi.application"

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"lifespan_registry": {"handlers": ["console"], "level": "INFO"}},
}

# The ORM and the pool are on the same database.
AT = conninfo_to_dict(
    os.environ.get(
        "DATABASE_URL", "postgresql://postgres:postgres@127.0.0.1:5432/postgres"
    )
)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": AT["host"],
        "PORT": AT["port"],
        "USER": AT["user"],
        "PASSWORD": AT.get("password", ""),
        "NAME": AT["dbname"],
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
