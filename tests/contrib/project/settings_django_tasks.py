"""The settings of the project, with tasks in its database."""

from __future__ import annotations

import os

from tests.contrib.project.settings import *  # noqa: F403
from tests.contrib.project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_db"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{os.environ['PROJECT_QUEUE']}/db.sqlite3",
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
