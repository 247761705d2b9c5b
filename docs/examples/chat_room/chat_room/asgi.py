"""What the server calls: Django and the consumers, with the lifespans around both."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

from lifespan_registry.asgi import LifespanApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_room.settings")

django = get_asgi_application()

# This needs a Django that is set up.
from chat_room.consumers import Recall, Room

websockets = [
    path("<slug:room>/", Room.as_asgi()),
    path("<slug:room>/recall/", Recall.as_asgi()),
]

application = LifespanApplication(
    ProtocolTypeRouter({"http": django, "websocket": URLRouter(websockets)})
)
