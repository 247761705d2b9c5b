"""The settings of the project that real servers serve."""

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["lifespan_registry", "tests.servers.project"]
MIDDLEWARE = ["lifespan_registry.middleware.LifespanStateMiddleware"]
ROOT_URLCONF = "tests.servers.project.urls"
ASGI_APPLICATION = "tests.servers.project.asgi.application"
USE_TZ = True
