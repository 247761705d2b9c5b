"""The settings of the project that real servers serve.

``PROJECT_APPS`` are apps before those of the project, ``PROJECT_REGISTRY`` is the
setting of the package, as JSON.
"""

import json
import os

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    *os.environ.get("PROJECT_APPS", "").split(),
    "lifespan_registry",
    "tests.servers.project",
]
LIFESPAN_REGISTRY = json.loads(os.environ.get("PROJECT_REGISTRY", "{}"))
MIDDLEWARE = ["lifespan_registry.middleware.LifespanStateMiddleware"]
ROOT_URLCONF = "tests.servers.project.urls"
STATIC_URL = "static/"
ASGI_APPLICATION = "tests.servers.project.asgi.application"
WSGI_APPLICATION = "tests.servers.project.wsgi.application"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["console"]}},
}
