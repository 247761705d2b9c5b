"""The WSGI application of the project."""

from __future__ import annotations

from lifespan_registry.wsgi import get_wsgi_application

application = get_wsgi_application()
