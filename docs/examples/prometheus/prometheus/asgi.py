"""What the server calls: Django, with the lifespans around it."""

import os

from django.core.asgi import get_asgi_application

from lifespan_registry.asgi import LifespanApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prometheus.settings")

application = LifespanApplication(get_asgi_application())
