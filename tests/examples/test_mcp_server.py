"""The example with an MCP server beside Django."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.examples.served import ADDRESS, CONSOLE, TRIED, Site, readme, serving
from tests.project import ROOT
from tests.servers.process import WITHIN

PACKAGES = ("mcp",)

HELD = """
import asyncio, sys
from mcp import Client

async def main(url):
    async with Client(url, mode="legacy") as client:
        await client.call_tool("remember", {"text": "bread"})
        print("connected", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(sys.argv[1]))
"""


def client(site: Site, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start Python with a client, at the address of the site."""
    address = str(site.client.base_url).rstrip("/")
    return subprocess.Popen(
        [sys.executable, *(one.replace(ADDRESS, address) for one in arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **options,
    )


def test_readme(tmp_path: Path) -> None:
    """Its README's commands do what it shows, the SDK's own client first."""
    first, second = CONSOLE.findall(readme("mcp_server"))
    with serving("mcp_server", tmp_path) as site:
        ((line, expected),) = TRIED.findall(first)
        python, *arguments = shlex.split(line)
        assert python == ".venv-example/bin/python"
        with client(site, *arguments) as process:
            assert process.communicate(timeout=WITHIN) == (expected, None)
        ((line, expected),) = TRIED.findall(second)
        assert line == f"curl -s {ADDRESS}/"
        assert site.client.get("/").text == expected.strip()
        assert site.interrupt() == 0
    assert site.names("started") == ["notes", "assistant"]
    assert site.names("stopped") == ["assistant", "notes"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_stop_with_a_session(tmp_path: Path) -> None:
    """A client that holds its stream open does not keep the server up."""
    with (
        serving("mcp_server", tmp_path) as site,
        client(
            site,
            *("-c", HELD, f"{ADDRESS}/mcp"),
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        site.terminate()
        process.kill()
    assert site.names("stopped") == ["assistant", "notes"]


def test_second_run_in_one_process(tmp_path: Path) -> None:
    """Two runs one after the other, as in tests, have a server of their own each."""
    code = """
import asyncio, django
django.setup()
from lifespan_registry import default_registry
from mcp_server.lifespans import assistant_app

async def main():
    for _ in range(2):
        async with default_registry.run() as run:
            print(*run.report)

asyncio.run(main())
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "docs" / "examples" / "mcp_server",
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mcp_server.settings",
            "PYTHONPATH": f"{ROOT}:.",
        },
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    assert result.stdout == "notes assistant\n" * 2


def test_without_its_lifespan() -> None:
    """The SDK's words for a server that nobody has started are those of the README."""
    from httpx import ASGITransport, AsyncClient
    from mcp.server import MCPServer

    async def ask() -> str:
        app = MCPServer("unstarted").streamable_http_app()
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url=ADDRESS) as http:
            with pytest.raises(RuntimeError) as caught:
                await http.post("/mcp")
        return str(caught.value)

    said = re.search(r'\*\*"(.*)"\*\*', readme("mcp_server"))
    assert said is not None
    assert asyncio.run(ask()) == said[1]
