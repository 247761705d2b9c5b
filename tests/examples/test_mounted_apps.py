"""The example with FastAPI and Starlette beside Django."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.examples.served import serving, started
from tests.servers.ports import free_port

PACKAGES = ("fastapi", "starlette")


def test_readme(tmp_path: Path) -> None:
    """It does what its README shows, the crash included."""
    with serving("mounted_apps", tmp_path) as site:
        site.follow_readme()
        site.client.post("/api/orders/unicorn").raise_for_status()
        site.process.wait_for(r"KeyError: 'unicorn'\n")
        site.has_logged_readme()


@pytest.mark.parametrize("root", ["", "/shop"])
def test_links(root: str, tmp_path: Path) -> None:
    """Links of each lead back to itself, behind a proxy with a root of its own, too."""
    with serving("mounted_apps", tmp_path, UVICORN_ROOT_PATH=root) as site:
        found = {}
        for path in ("/", "/api/", "/pages/"):
            link = site.client.get(path).json()["link"]
            # A proxy takes its own root off.
            found[link] = site.client.get(link.removeprefix(root)).json()
        docs = site.client.get("/api/docs").text
        schema = site.client.get("/api/openapi.json").json()
    assert found == {
        f"{root}/prices/tea": {"tea": 7},
        f"{root}/api/prices/tea": 7,
        f"{root}/pages/tea": {"tea": 7, "visit": 1},
    }
    assert f"'{root}/api/openapi.json'" in docs
    assert schema["servers"] == [{"url": f"{root}/api"}]


def test_each_has_its_own_state(tmp_path: Path) -> None:
    """All have what the registry publishes; what an application adds it has alone."""
    with serving("mounted_apps", tmp_path) as site:
        states = {
            answer["by"]: {key for key in answer["state"] if ":" not in key}
            for answer in (
                site.client.get(path).json() for path in ("/", "/api", "/pages")
            )
        }
    assert states == {
        "Django": {"prices"},
        "FastAPI": {"prices", "till"},
        "Starlette": {"prices", "visits"},
    }


def test_handles_in_fastapi(tmp_path: Path) -> None:
    """A handle gives its value in a thread, and by way of a request."""
    with serving("mounted_apps", tmp_path) as site:
        assert site.client.get("/api/prices").json() == {"milk": 2, "tea": 7}
        assert site.client.get("/api/prices/milk").json() == 2


def test_ctrl_c_stops_both(tmp_path: Path) -> None:
    """Ctrl-C stops both applications, and what they need after them."""
    with serving("mounted_apps", tmp_path) as site:
        assert site.interrupt() == 0
    assert site.names("started")[0] == site.names("stopped")[-1] == "prices"
    assert sorted(site.names("stopped")) == ["api", "pages", "prices"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_crash(tmp_path: Path) -> None:
    """When the task of one application dies, the others are served as before."""
    with serving("mounted_apps", tmp_path) as site:
        site.client.post("/api/orders/unicorn").raise_for_status()
        site.process.wait_for(r"lifespan 'api' \(.*/lifespans\.py:\d+\) crashed ")
        assert site.client.get("/").json()["by"] == "Django"
        assert site.client.get("/pages/").json()["by"] == "Starlette"
        assert site.client.get("/api/").status_code == 500
        site.process.wait_for(r"CrashedError: lifespan 'api' .* of KeyError: 'unicorn'")
        assert site.interrupt() == 0
    assert site.names("stopped") == ["pages", "prices"]


def test_failed_start(tmp_path: Path) -> None:
    """When one application fails to start, so does the server, and says which one."""
    with started("mounted_apps", tmp_path, free_port(), TILL="empty") as process:
        assert process.wait() == 3
    assert re.search(
        r"'api' \(.*/lifespans\.py:\d+\): ApplicationError: .* \(FastAPI\) failed at "
        r"its startup: ValueError: .*'empty'$",
        process.output,
        re.MULTILINE,
    )
