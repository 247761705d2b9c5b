"""What is opened before the first request, and closed after the last."""

from collections.abc import AsyncIterator

from mcp.server import MCPServer
from starlette.applications import Starlette

from lifespan_registry import on_lifespan
from lifespan_registry.mounting import include_app


@on_lifespan
async def notes() -> AsyncIterator[list[str]]:
    """Keep what the tools of the assistant and the views of Django share."""
    yield []


def assistant(notes: list[str]) -> Starlette:
    """Make the MCP server: anew for each start, as it can be started only once."""
    server = MCPServer("notes")

    @server.tool()
    async def remember(text: str) -> str:
        """Keep a note."""
        notes.append(text)
        return f"kept as note {len(notes)}"

    @server.tool()
    async def recall() -> list[str]:
        """List all notes."""
        return notes

    return server.streamable_http_app(streamable_http_path="/")


assistant_app = include_app(factory=assistant)
