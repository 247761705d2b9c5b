"""What the server calls: Django and the MCP server, with the lifespans around both."""

import os

from django.core.asgi import get_asgi_application

from lifespan_registry.asgi import LifespanApplication
from lifespan_registry.mounting import PathDispatcher
from mcp_server.lifespans import assistant_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcp_server.settings")

application = LifespanApplication(
    PathDispatcher(get_asgi_application(), {"/mcp": assistant_app})
)
