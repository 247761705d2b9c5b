"""Settings of an example that runs on one's own machine, and nowhere else."""

import importlib.util
import os

SECRET_KEY = "an example has no secrets"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = ["lifespan_registry", "chat_room"]
# Daphne needs this app to start them; other servers do not.
if importlib.util.find_spec("daphne"):
    INSTALLED_APPS += ["lifespan_registry.servers.daphne"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "chat_room.urls"
ASGI_APPLICATION = "chat_room.asgi.application"

# Websockets hear of the stop when the signal comes.
LIFESPAN_REGISTRY = {"STOPPING_ON_SIGNAL": True}

# The lifespans say on the console when they start and stop, in line with Uvicorn.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname}:     {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"lifespan_registry": {"handlers": ["console"], "level": "INFO"}},
}

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "prefix": "example",
            # A channel waits for messages as long as it takes. Later versions of the
            # client end that after five seconds, and the websocket with it.
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
        },
    }
}
