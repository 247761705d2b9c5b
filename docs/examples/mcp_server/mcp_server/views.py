"""A view of Django, beside the MCP server."""

from django.http import HttpRequest, JsonResponse

from mcp_server.lifespans import notes


async def index(request: HttpRequest) -> JsonResponse:
    """Show the notes that clients of MCP have taken."""
    return JsonResponse({"notes": notes.get()})
