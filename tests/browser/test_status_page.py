"""The status page in a real browser: who sees it, and how it keeps itself fresh."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.site import Site
from tests.pictures.drawn import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PACKAGES = ("axe_playwright_python", "playwright")

SHOP = """\
import asyncio
from pathlib import Path
from lifespan_registry import on_lifespan

@on_lifespan
async def db():
    yield "db"

@on_lifespan
async def consumer(db):
    async def work():
        while not Path("crash").exists():
            await asyncio.sleep(0.01)
        raise OSError("no route to <b>the broker</b>")

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work())
        yield "consumer"
        task.cancel()
"""

HOSTILE_SHOP = f"""\
from lifespan_registry import on_lifespan

def add(name):
    async def lifespan():
        yield name
    on_lifespan(name=name, tags=name)(lifespan)

for name in {HOSTILE!r}:
    add(name)
"""

MANY = """\
from lifespan_registry import default_registry
from tests.pictures.drawn import two_hundred

two_hundred(default_registry)
"""

SIZES = ((1200, 900), (390, 844))
"""Of a screen, and of a phone."""


def log_in(page: Page, user: str) -> None:
    """Fill in the login of the admin."""
    page.fill("[name=username]", user)
    page.fill("[name=password]", "secret")
    page.click("[type=submit]")


def test_staff(page: Page, served: Callable[..., Site]) -> None:
    """Staff is sent to the login of the admin, and from there to the page."""
    site = served(SHOP, has_users=True)
    page.goto(f"{site.address}/lifespans/")
    assert page.url == f"{site.address}/admin/login/?next=/lifespans/"

    log_in(page, "boss")

    assert page.url == f"{site.address}/lifespans/"
    assert page.title() == "Lifespans: all 2 lifespans have started"
    facts = page.evaluate("fetch('?format=json').then((answer) => answer.json())")
    assert facts["process"]["server"].startswith("Uvicorn (")
    assert [one["name"] for one in facts["runs"][0]["lifespans"]] == ["db", "consumer"]


def test_others(page: Page, served: Callable[..., Site]) -> None:
    """Who is no staff sees nothing; a program is not sent to a login."""
    site = served(
        SHOP, settings='LOGIN_URL = "/status/"\n', urls="del urlpatterns[0]\n"
    )
    assert site.get("/lifespans/?format=json").status_code == 403
    sent = site.get("/lifespans/")
    assert (sent.status_code, sent.headers["Location"]) == (
        302,
        "/status/?next=/lifespans/",
    )


def test_customer(browser: Browser, served: Callable[..., Site]) -> None:
    """Nor does a user who is logged in and no staff."""
    site = served(
        SHOP,
        has_users=True,
        settings='LOGIN_URL = "/login/"\n',
        urls="from django.contrib.auth.views import LoginView\n"
        'login = LoginView.as_view(template_name="admin/login.html")\n'
        'urlpatterns += [path("login/", login)]\n',
    )
    page = browser.new_page()
    page.goto(f"{site.address}/login/?next=/lifespans/")
    log_in(page, "customer")
    assert (
        page.inner_text("body") == "This page is for staff, and 'customer' is none.\n"
    )
    page.close()


BY_TOKEN = """
class Boss:
    is_active = is_staff = is_authenticated = True

def by_token(get_response):
    def middleware(request):
        if request.headers.get("Authorization") == "boss":
            request.user = Boss()
        return get_response(request)
    return middleware
"""


def test_user_by_other_middleware(served: Callable[..., Site]) -> None:
    """Who is staff is what the middleware says, and not what the session has."""
    site = served(
        SHOP + BY_TOKEN,
        settings="MIDDLEWARE += [\n"
        '    "shop.lifespans.by_token",\n'
        '    "django.contrib.auth.middleware.LoginRequiredMiddleware",\n'
        "]\n",
    )
    boss = {"Authorization": "boss"}
    assert site.get("/lifespans/", boss).status_code == 200
    sent = site.get("/lifespans/")
    assert sent.headers["Location"] == "/admin/login/?next=/lifespans/"
    assert "no-store" in sent.headers["Cache-Control"]
    # That of Django lets views decide that do without a login.
    assert site.get("/lifespans/?format=json").status_code == 403


def test_several_processes(page: Page, served: Callable[..., Site]) -> None:
    """It says so once when the answers come from several."""
    site = served(SHOP)
    page.goto(f"{site.address}/status/")
    own, pids = page.inner_text("#lifespans-pid"), itertools.cycle(("1", "2"))
    # As a balancer would.
    page.route(
        "**/status/",
        lambda route: route.fulfill(
            body=route.fetch().text().replace(f">{own}<", f">{next(pids)}<"),
            content_type="text/html",
        ),
    )
    page.wait_for_selector("text=Another process answers than before")
    page.wait_for_selector("text=Several processes answer in turn")
    page.unroute_all(behavior="wait")


def wait_for_answer(page: Page) -> None:
    """Wait until the page has asked again, and had an answer."""
    before = page.inner_text("time")
    page.wait_for_function(
        "(before) => document.querySelector('time').innerText > before", arg=before
    )


def test_fresh(page: Page, served: Callable[..., Site]) -> None:
    """A crash shows up by itself; where nothing is new, nothing is touched."""
    site = served(SHOP)
    page.goto(f"{site.address}/status/")
    assert page.inner_text(".whole") == "all 2 lifespans have started"
    page.evaluate("document.querySelector('.picture').isSame = true")
    wait_for_answer(page)
    assert page.evaluate("document.querySelector('.picture').isSame")

    (site.folder / "crash").touch()

    page.wait_for_selector(".whole.crashed")
    assert page.title() == "Lifespans: 'consumer' has crashed"
    page.click("summary")
    assert "no route to <b>the broker</b>" in page.inner_text("pre")
    page.evaluate("document.querySelector('.picture').isSame = true")
    wait_for_answer(page)
    assert page.is_visible("pre")
    assert page.evaluate("document.querySelector('.picture').isSame")


def test_pause(page: Page, served: Callable[..., Site]) -> None:
    """It asks no more while it is paused, and says so."""
    site = served(SHOP)
    page.goto(f"{site.address}/status/")
    page.click("#pause")
    assert page.inner_text("#asked") == "Paused"
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("new Promise((done) => setTimeout(done, 6000))")
    assert asked == []

    with page.expect_response(f"{site.address}/status/"):
        page.click("#pause")
    wait_for_answer(page)
    assert page.inner_text("#asked") == "Refreshes every 5 s"


def test_server_that_is_gone(browser: Browser, served: Callable[..., Site]) -> None:
    """When the server is stopped, the page says that it has no answer."""
    site = served(SHOP)
    page = browser.new_page()
    page.goto(f"{site.address}/status/")
    site.process.terminate()
    site.process.wait()
    page.wait_for_selector("text=No answer: the server is stopped, or busy")
    assert page.locator("body.stale").count() == 1
    assert page.title().startswith("Lifespans: No answer")
    page.close()


def test_session_that_is_over(page: Page, served: Callable[..., Site]) -> None:
    """When somebody has to log in again, the page says so, and shows no login."""
    site = served(SHOP, has_users=True)
    page.goto(f"{site.address}/lifespans/")
    log_in(page, "boss")
    page.wait_for_selector("text=Refreshes every")
    page.context.clear_cookies()
    page.wait_for_selector("text=You have to log in again: reload the page")
    assert page.inner_text(".whole") == "all 2 lifespans have started"


@pytest.mark.parametrize("lifespans", [SHOP, HOSTILE_SHOP, MANY], ids=["2", "7", "200"])
def test_everybody_can_read_it(
    page: Page, served: Callable[..., Site], lifespans: str
) -> None:
    """It has no fault that axe knows, fits on the screen, and names are text."""
    from axe_playwright_python.sync_playwright import Axe

    site = served(lifespans)
    if lifespans == SHOP:
        (site.folder / "crash").touch()
    for (width, height), scheme in itertools.product(SIZES, ("light", "dark")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{site.address}/status/")
        if lifespans == SHOP:
            page.wait_for_selector(".whole.crashed")
            page.click("summary")

        found = Axe().run(page)

        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("main img").count() == 0
        # The first to start is in sight, however large the picture is.
        first = page.locator(".picture svg rect").first.bounding_box()
        frame = page.locator(".picture").first.bounding_box()
        assert frame["y"] <= first["y"] <= frame["y"] + frame["height"]
