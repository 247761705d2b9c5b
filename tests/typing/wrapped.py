"""What the wrapper takes, and who takes the wrapper."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, assert_type

import uvicorn
from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
)
from asgiref.typing import Scope as AsgirefScope
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application as get_django

from lifespan_registry import Registry
from lifespan_registry.asgi import LifespanApplication, get_asgi_application

# As Starlette and its like have them.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Starlette:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class ProtocolTypeRouter:
    def __init__(self, application_mapping: dict[str, Any]) -> None: ...

    async def __call__(
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None: ...


async def function(scope: Scope, receive: Receive, send: Send) -> None: ...


async def typed_function(
    scope: AsgirefScope, receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None: ...


typed: ASGI3Application = typed_function

assert_type(get_asgi_application(), LifespanApplication)
application = LifespanApplication(get_django())
LifespanApplication(ASGIStaticFilesHandler(get_django()))
LifespanApplication(Starlette())
LifespanApplication(ProtocolTypeRouter({"http": get_django()}))
LifespanApplication(function)
LifespanApplication(typed)
LifespanApplication(application, registry=Registry())

uvicorn.Config(app=application)
uvicorn.run(application, lifespan="on")
again: ASGI3Application = application


class Middleware:
    """Any middleware that wraps an application goes around the wrapper."""

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]]
    ) -> None: ...


Middleware(application)
