"""The pictures in the documentation, made of the example as it runs.

``python -m tests.browser.screenshots`` writes them into ``docs/images``.
"""

from __future__ import annotations

import io
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pyte
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.project import ROOT
from tests.servers.ports import free_port

EXAMPLE = ROOT / "docs" / "examples" / "quickstart"
IMAGES = ROOT / "docs" / "images"

COLUMNS, ROWS = 112, 60

PAGES = {
    "status.png": (1200, 900, "light"),
    "status-phone.png": (390, 844, "dark"),
}
"""What the status page is shown in: width, height, and the colours of its reader."""

FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px "DejaVu Sans Mono", Menlo, monospace }}
{styles}
</style>
<defs>
{lines}
</defs>
<rect fill="#12161c" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""
"""A terminal, without the fonts from elsewhere that Rich would have in it."""


def main() -> None:
    """Make all pictures anew."""
    IMAGES.mkdir(exist_ok=True)
    graph = run("manage.py", "lifespans", "--format", "svg")
    (IMAGES / "graph.svg").write_text(graph, encoding="utf-8")
    run("manage.py", "lifespans", "run", "--svg", str(IMAGES / "waterfall.svg"))
    for name, command in (
        ("terminal-lifespans", ("lifespans",)),
        ("terminal-why", ("lifespans", "--why", "heartbeat")),
        ("terminal-run", ("lifespans", "run")),
    ):
        picture = drawn(f"$ python manage.py {' '.join(command)}", *command)
        (IMAGES / f"{name}.svg").write_text(picture, encoding="utf-8")
    with served() as address, sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, (width, height, scheme) in PAGES.items():
            page = chromium.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            page.goto(f"{address}/lifespans/")
            page.wait_for_selector("text=Refreshes every")
            page.screenshot(path=IMAGES / name, full_page=True)
        chromium.close()


def run(*arguments: str) -> str:
    """Run Python in the folder of the example; return what it prints."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=EXAMPLE,
        env=environment(),
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


def environment() -> dict[str, str]:
    """Return that of the example: a terminal of a size, its site not asked."""
    size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm-256color"}
    return {**os.environ, **size, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def drawn(title: str, *command: str) -> str:
    """Run a management command in a terminal; draw what is there at its end."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    main_end, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=EXAMPLE,
        env=environment(),
        stdout=end,
        stderr=end,
        stdin=subprocess.DEVNULL,
    ):
        os.close(end)
        while data := read(main_end):
            stream.feed(data)
    os.close(main_end)
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text(title, style="bold"))
    for line in lines(screen):
        console.print(line, soft_wrap=True)
    return console.export_svg(code_format=FRAME, unique_id="terminal")


def read(end: int) -> bytes:
    """Read what the terminal shows; nothing when the program has ended."""
    try:
        return os.read(end, 65536)
    except OSError:
        return b""


def lines(screen: pyte.Screen) -> Iterator[Text]:
    """Return what stands on *screen*, with its colours."""
    last = max(row for row, text in enumerate(screen.display) if text.strip())
    for row in range(last + 1):
        text = Text()
        for column in range(len(screen.display[row].rstrip())):
            cell = screen.buffer[row][column]
            colour = None if cell.fg == "default" else COLOURS.get(cell.fg, cell.fg)
            text.append(cell.data, Style(color=colour, bold=cell.bold))
        yield text


COLOURS = {"brown": "yellow"}
"""What Rich calls by another name than pyte."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the example on a free port, with Uvicorn."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "quickstart.asgi:application"),
            *("--port", str(port), "--log-level", "warning"),
        ],
        cwd=EXAMPLE,
        env={**environment(), "QUICKSTART_SITE": address},
    ) as server:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(address, trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
        server.terminate()


if __name__ == "__main__":
    main()
