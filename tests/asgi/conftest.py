"""What the tests of the wrapper share."""

from __future__ import annotations

import pytest

from tests.asgi.servers import ServerState


@pytest.fixture(name="state", params=["state", "no state"])
def _state(request: pytest.FixtureRequest) -> ServerState:
    """The state of a server that knows lifespan state, and of one that does not."""
    return {} if request.param == "state" else None
