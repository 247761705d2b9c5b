"""The settings of the project."""

from __future__ import annotations

SECRET_KEY = "tests"
INSTALLED_APPS = ["lifespan_registry", "tests.contrib.project"]
USE_TZ = True
