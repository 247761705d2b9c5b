"""What the server calls: three applications, with the lifespans around all of them."""

import os

from django.core.asgi import get_asgi_application

from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.mounting import PathDispatcher

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mounted_apps.settings")

django = get_asgi_application()

# This needs a Django that is set up.
from mounted_apps.lifespans import api_app, pages_app

application = LifespanApplication(
    PathDispatcher(django, {"/api": api_app, "/pages": pages_app})
)
