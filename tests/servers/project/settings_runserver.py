"""The settings of the project, with another application, or with none."""

import os

from tests.servers.project.settings import *  # noqa: F403

if not (ASGI_APPLICATION := os.environ.get("PROJECT_ASGI")):
    del ASGI_APPLICATION
