"""A client of the MCP server: takes a note, and lists all."""

import asyncio
import sys

from mcp import Client


async def main(url: str, text: str) -> None:
    """Talk to the server at *url*."""
    async with Client(url) as client:
        tools = await client.list_tools()
        print("tools:", *sorted(tool.name for tool in tools.tools))
        for name, arguments in (("remember", {"text": text}), ("recall", {})):
            result = await client.call_tool(name, arguments)
            print(f"{name}:", result.structured_content)


asyncio.run(main(*sys.argv[1:]))
