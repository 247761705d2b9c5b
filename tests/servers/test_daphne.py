"""Daphne, with our app: what it does that the others do not."""

from __future__ import annotations

import importlib.metadata
import re
import signal
import socket
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.servers.process import WITHIN
from tests.servers.served import STARTED, STOPPED, Served

pytest.importorskip("daphne")

APP = "lifespan_registry.servers.daphne"
DJANGO = "tests.servers.project.asgi:application"
BESIDE = "tests.servers.project.beside"
LINGERING = f"{BESIDE}:lingering"

COMMAND = ("daphne", "--port={port}")
RUNSERVER = ("django", "runserver", "127.0.0.1:{port}", "--noreload")

ALL = [*STARTED, *STOPPED]
WARNING = "lifespan_registry.servers.daphne does not know this version"


def daphne(
    folder: Path,
    *arguments: str,
    behaviour: str = "",
    apps: str = APP,
    **environment: str,
) -> Served:
    """Start Daphne, or what *arguments* say, with our app."""
    return Served(
        folder,
        *arguments,
        behaviour=behaviour,
        environment={"PROJECT_APPS": apps, **environment},
    )


def connected(port: int, path: str) -> socket.socket:
    """Send a request, and do not wait for its answer."""
    connection = socket.create_connection(("127.0.0.1", port), WITHIN)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: testserver\r\n\r\n".encode())
    return connection


# --- the start ---------------------------------------------------------------------


@pytest.mark.parametrize("names", [["SIGTERM"], ["SIGINT"], ["SIGINT", "SIGTERM"]])
@pytest.mark.parametrize("command", [(*COMMAND, DJANGO), RUNSERVER])
def test_signal_during_the_start(
    command: tuple[str, ...], names: list[str], tmp_path: Path
) -> None:
    """A start that is called off is unwound; a second signal does not break that."""
    apps = f"daphne {APP}"
    with daphne(tmp_path, *command, behaviour="wait", apps=apps) as server:
        server.wait_for_event("waiting")
        assert not server.accepts()
        for name in names:
            server.send(signal.Signals[name])
        # Where all is unwound, at the end of Python itself, a signal has no handler.
        assert server.wait() in (3, -signal.SIGTERM)

    assert server.events == [*STARTED, "waiting", *STOPPED]
    assert "The start was called off.\nDaphne ends" in server.output
    assert "Traceback" not in server.output
    assert "Listening on" not in server.output


def test_port_in_use(tmp_path: Path) -> None:
    """Where the port cannot be bound, the lifespans are exited again."""
    with (
        daphne(tmp_path, *COMMAND, DJANGO, behaviour="late") as server,
        socket.create_server(("127.0.0.1", server.port)),
    ):
        code = server.wait()

    assert server.events == ALL
    assert "Listen failure" in server.output
    is_new = importlib.metadata.version("daphne") >= "4.2"
    assert code == (1 if is_new else 0)


def test_start_of_another_application_fails(tmp_path: Path) -> None:
    """Any application that speaks lifespan can refuse to start."""
    with daphne(tmp_path, *COMMAND, f"{BESIDE}:speaking", behaviour="fail") as server:
        assert server.wait() == 3

    assert "(speaking) failed at its startup: no disk\nDaphne ends" in server.output
    assert "Listening on" not in server.output


# --- requests ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [("", ""), ("fail-late", "failed at its shutdown: still busy")],
)
def test_another_application_with_lifespan(
    behaviour: str, says: str, tmp_path: Path
) -> None:
    """Any application gets its own state, a copy for each request."""
    with daphne(
        tmp_path, *COMMAND, f"{BESIDE}:speaking", behaviour=behaviour
    ) as server:
        server.wait_until_up()
        answers = [server.get("/").json() for _ in range(2)]
        server.send(signal.SIGTERM)
        assert server.wait() == 0

    assert answers == [["disk"]] * 2
    assert server.events == ["-disk"]
    assert says in server.output


def test_application_without_lifespan(tmp_path: Path) -> None:
    """An application that speaks no lifespan is served as it was."""
    with daphne(tmp_path, *COMMAND, f"{BESIDE}:silent") as server:
        server.wait_until_up()
        assert server.get("/").json() is None
        server.send(signal.SIGTERM)
        assert server.wait() == 0

    assert "Traceback" not in server.output


def test_options(tmp_path: Path) -> None:
    """Daphne's own options have their effect."""
    path = tmp_path / "socket"
    with daphne(
        tmp_path,
        *("daphne", "--unix-socket", str(path), "-v", "2", "--access-log", "-"),
        *("--endpoint", "tcp:{port}:interface=127.0.0.1", DJANGO),
    ) as server:
        server.wait_until_up()
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(transport=transport, timeout=WITHIN) as client:
            answer = client.get("http://testserver/async/").json()
        assert answer == server.get("/async/").json()
        server.send(signal.SIGTERM)
        assert server.wait() == 0

    assert server.events == [*STARTED, "request", "request", *STOPPED]
    assert '"GET /async/" 200' in server.output
    assert "HTTP 200 response started" in server.output


# --- the stop ----------------------------------------------------------------------


@pytest.mark.parametrize("signals", [["SIGTERM"], ["SIGINT"], ["SIGTERM", "SIGINT"]])
def test_requests_end_before_the_lifespans(signals: list[str], tmp_path: Path) -> None:
    """Requests and websockets are cancelled, and have ended when lifespans exit."""
    with daphne(tmp_path, *COMMAND, LINGERING) as server:
        server.wait_until_up()
        address = f"ws://127.0.0.1:{server.port}/websocket/"
        with (
            connect(address, open_timeout=WITHIN, proxy=None),
            connected(server.port, "/one/"),
            connected(server.port, "/two/"),
        ):
            for path in ("/websocket/", "/one/", "/two/"):
                server.wait_for_event(f"open {path}")
            for name in signals:
                server.send(signal.Signals[name])
            assert server.wait() == 0

    closed = "closed, with its database open"
    assert server.events[-6:] == [closed] * 3 + STOPPED
    assert "Traceback" not in server.output


def test_request_that_does_not_end(tmp_path: Path) -> None:
    """A request that ignores its cancellation is told, and given up."""
    with daphne(
        tmp_path, *COMMAND, "--application-close-timeout=1", LINGERING
    ) as server:
        server.wait_until_up()
        address = f"ws://127.0.0.1:{server.port}/websocket/"
        with connect(address, open_timeout=WITHIN, proxy=None):
            server.wait_for_event("open /websocket/")
        with connected(server.port, "/stubborn/"):
            server.wait_for_event("open /stubborn/")
            server.send(signal.SIGTERM)
            assert server.wait() == 0

    assert server.events[-3:] == STOPPED
    told = "The http request for /stubborn/ has not ended within 1 s."
    assert server.output.count(told) == 1


def test_signals_during_a_hung_stop(tmp_path: Path) -> None:
    """Further signals change nothing: the exit has its time limit, all others exit."""
    with daphne(
        tmp_path, *COMMAND, DJANGO, behaviour="hang", PROJECT_PATIENCE="3"
    ) as server:
        server.wait_until_up()
        server.send(signal.SIGTERM)
        server.wait_for_event("-hanging")
        assert not server.accepts()
        server.send(signal.SIGTERM)
        server.press_ctrl_c()
        assert server.wait() == 0

    assert server.events == [*STARTED, "-hanging", *STOPPED]


def test_ctrl_c_during_the_start_with_reload(tmp_path: Path) -> None:
    """With the reloader, too, a start that is called off is unwound."""
    command = RUNSERVER[:-1]
    with daphne(tmp_path, *command, behaviour="wait", apps=f"daphne {APP}") as server:
        server.wait_for_event("waiting")
        server.press_ctrl_c()
        assert server.wait() == 0

    assert server.events == [*STARTED, "waiting", *STOPPED]


# --- the apps ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "apps",
    [
        f"daphne {APP}",
        f"{APP} daphne",
        f"daphne django.contrib.staticfiles {APP}",
        f"{APP} daphne django.contrib.staticfiles",
    ],
)
def test_order_of_the_apps(apps: str, tmp_path: Path) -> None:
    """Daphne's runserver has the lifespans wherever our app stands."""
    with daphne(tmp_path, *RUNSERVER, apps=apps) as server:
        server.wait_until_up()
        server.send(signal.SIGTERM)
        assert server.wait() == 0

    assert server.events == ALL
    assert "Starting ASGI/Daphne version" in server.output
    assert WARNING not in server.output


def test_ready_twice(tmp_path: Path) -> None:
    """A second ready() of our app starts nothing a second time."""
    with daphne(tmp_path, *COMMAND, LINGERING, behaviour="ready-again") as server:
        server.wait_until_up()
        server.send(signal.SIGTERM)
        assert server.wait() == 0

    assert server.events == ALL


def test_other_runserver(tmp_path: Path) -> None:
    """Where Daphne is no app, runserver is the one that it was."""
    with daphne(tmp_path, *RUNSERVER) as server:
        server.wait_for("Starting .*development server")


def test_runserver_without_asgi(tmp_path: Path) -> None:
    """Daphne's runserver can still be told to be Django's."""
    with daphne(tmp_path, *RUNSERVER, "--noasgi", apps=f"daphne {APP}") as server:
        server.wait_for("Starting .*development server")
        server.press_ctrl_c()
        assert server.wait() == 0


@pytest.mark.parametrize("others", ["", "daphne "])
def test_uvicorn_imports_nothing_of_daphne(others: str, tmp_path: Path) -> None:
    """Where Uvicorn serves, our app adds nothing, and Uvicorn works."""

    def modules(folder: Path, apps: str) -> list[str]:
        folder.mkdir()
        command = ("uvicorn", LINGERING, "--port={port}")
        with daphne(folder, *command, apps=apps) as server:
            server.wait_until_up()
            loaded: list[str] = server.get("/modules/").json()
            server.send(signal.SIGINT)
            assert server.wait() == 0
        assert server.events == ALL
        return [name for name in loaded if re.match("daphne|twisted", name)]

    assert modules(tmp_path / "with", others + APP) == modules(
        tmp_path / "without", others
    )


def test_package_is_missing(tmp_path: Path) -> None:
    """Without the package, the app says what to install."""
    with daphne(
        tmp_path,
        *("django", "check"),
        DJANGO_SETTINGS_MODULE="tests.servers.project.settings_daphne",
        PROJECT_WITHOUT="daphne",
    ) as process:
        assert process.wait() == 1

    assert process.output.endswith(
        "django.core.exceptions.ImproperlyConfigured: "
        "'lifespan_registry.servers.daphne' is in INSTALLED_APPS, and the package "
        'Daphne is not installed: pip install "lifespan-registry[daphne]"\n'
    )


# --- versions to come --------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "command"),
    [
        ("CommandLineInterface.server_class", (*COMMAND, DJANGO)),
        ("Server.run", (*COMMAND, DJANGO)),
        ("Server.run", RUNSERVER),
        ("reactor._asyncioEventloop", (*COMMAND, DJANGO)),
        ("runserver.Command.server_cls", RUNSERVER),
        ("get_commands()", RUNSERVER),
    ],
)
def test_internal_is_gone(gone: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """What the app leans on is gone: a warning says so, the first request starts."""
    with daphne(
        tmp_path,
        *command,
        apps=f"daphne {APP}",
        DJANGO_SETTINGS_MODULE="tests.servers.project.settings_daphne",
        PROJECT_WITHOUT=gone,
    ) as server:
        server.wait_until_up()
        assert len(server.get("/async/").json()) == 5
        server.send(signal.SIGTERM)
        assert server.wait() == 0

    assert server.output.count(WARNING) == 1
    assert gone.rpartition(".")[2] in server.output
    assert server.events == [*STARTED, "request", *STOPPED]
