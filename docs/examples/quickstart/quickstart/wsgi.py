"""What a WSGI server calls: Django, with the lifespans beside it."""

import os

from lifespan_registry.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quickstart.settings")

application = get_wsgi_application()
