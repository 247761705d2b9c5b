"""The settings of the tests' own Django project."""

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["lifespan_registry"]
MIDDLEWARE = ["lifespan_registry.middleware.LifespanStateMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
