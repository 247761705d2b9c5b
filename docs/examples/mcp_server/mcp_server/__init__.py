"""An MCP server beside Django, and what both use."""
