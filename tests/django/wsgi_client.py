"""What a WSGI server does with an application: one call for each request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from wsgiref.util import setup_testing_defaults


def request(application: Any, path: str = "/", **environ: Any) -> Any:
    """Send a request in the current thread; return what the JSON of the answer says."""
    environ |= {"PATH_INFO": path}
    setup_testing_defaults(environ)
    said: list[str] = []

    def start_response(status: str, headers: object, error: object = None) -> Any:
        said.append(status)

    response = application(environ, start_response)
    try:
        body = b"".join(response)
    finally:
        getattr(response, "close", lambda: None)()
    assert said == ["200 OK"], body
    return json.loads(body)


def in_thread(function: Callable[[], Any]) -> Any:
    """Call *function* in a new thread, as some servers do; return its result."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def answering(view: Callable[[dict[str, Any]], object]) -> Any:
    """Make a WSGI application that answers with what *view* makes of its environ."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        answer = json.dumps(view(environ)).encode()
        start_response("200 OK", [])
        return [answer]

    return app
