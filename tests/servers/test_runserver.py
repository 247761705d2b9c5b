"""``manage.py runserver``: what a developer does with it, and sees of it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.servers.process import WITHIN
from tests.servers.served import STARTED, STOPPED, UNMEASURED, Served

APP = "lifespan_registry.runserver"
STATIC = "django.contrib.staticfiles"
STREAMS = "tests.servers.project.streams.application"

ALL = [*STARTED, *STOPPED]


@contextlib.contextmanager
def runserver(
    folder: Path,
    *options: str,
    behaviour: str = "",
    apps: str = f"{APP} {STATIC}",
    address: str = "127.0.0.1:{port}",
    **environment: str,
) -> Iterator[Served]:
    """Run the command, with *options*, and end it if it has not ended."""
    with Served(
        folder,
        "tests.servers.project.manage",
        "runserver",
        address,
        *options,
        behaviour=behaviour,
        environment={"PROJECT_APPS": apps, **environment},
    ) as server:
        yield server
        if not server.has_ended:
            server.press_ctrl_c()
            server.wait()


def streams(
    folder: Path, *options: str, **environment: str
) -> contextlib.AbstractContextManager[Served]:
    """Run the command, with answers that have no end beside Django."""
    return runserver(
        folder,
        *options,
        DJANGO_SETTINGS_MODULE="tests.servers.project.settings_runserver",
        PROJECT_ASGI=STREAMS,
        **environment,
    )


def ask(server: Served, path: str) -> socket.socket:
    """Send a request, and do not wait for its answer."""
    connection = socket.create_connection(("127.0.0.1", server.port), WITHIN)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: testserver\r\n\r\n".encode())
    return connection


def websocket(server: Served, path: str) -> ClientConnection:
    """Open a websocket."""
    address = f"ws://127.0.0.1:{server.port}{path}"
    return connect(address, open_timeout=WITHIN, proxy=None)


def edit_until(
    server: Served, edit: Callable[[], object], is_so: Callable[[], bool], what: str
) -> None:
    """Edit a file again and again: a reloader begins late to watch."""
    edited = 0.0

    def is_so_or_edit() -> bool:
        nonlocal edited
        if not (is_over := is_so()) and time.monotonic() > edited + 5:
            edited = time.monotonic()
            edit()
        return is_over

    server.wait_until(is_so_or_edit, what)


def check_complete(server: Served) -> None:
    """Check that each process has exited what it has entered."""
    notes = [*server.processes.values()]
    assert notes == [ALL] * len(notes)
    assert len(notes) > 1


def mend(server: Served, path: Path, text: str) -> None:
    """Write the right *text* to the file at *path*; wait until that is served."""
    edit_until(
        server,
        lambda: path.write_text(text, encoding="utf-8"),
        lambda: bool(server.answers("/pid/")),
        "answer",
    )


def seconds_to_end(server: Served) -> float:
    """Press Ctrl-C; return how long it took, and check that all was right."""
    before = len(server.output)
    began = time.monotonic()
    server.press_ctrl_c()
    assert server.wait() == 0
    seconds = time.monotonic() - began
    assert server.events[-3:] == STOPPED, f"{seconds} s:\n{server.output}"
    assert "Traceback" not in server.output[before:], server.output
    return seconds


# --- what it shows -----------------------------------------------------------------


def test_banner(tmp_path: Path) -> None:
    """It is Django's, and says which server it is, and what has started."""
    with runserver(tmp_path, "--noreload") as server:
        server.wait_for("Quit the server with CONTROL-C")
        server.wait_for("WARNING: This is a development server")
        output = server.output

    assert "Performing system checks...\n\nSystem check identified " in output
    lines = output[output.index("Django version") :].splitlines()
    assert re.fullmatch(
        r"Django version [\d.]+, using settings 'tests\.servers\.project\.settings'",
        lines[0],
    )
    assert re.fullmatch(
        r"Starting ASGI/Uvicorn [\d.]+ development server at "
        rf"http://127\.0\.0\.1:{server.port}/",
        lines[1],
    )
    assert re.fullmatch(r"3 lifespans have started in \d+\.\d{3} s\.", lines[2])
    assert lines[3] == "Quit the server with CONTROL-C."


def test_banner_without_uvicorn(tmp_path: Path) -> None:
    """It says what is missing; the warning can be hidden, the migrations come first."""
    with runserver(
        tmp_path,
        "--noreload",
        "--skip-checks",
        PROJECT_WITHOUT="uvicorn",
        DJANGO_RUNSERVER_HIDE_WARNING="true",
    ) as server:
        server.wait_for("Starting WSGI development server")
        server.wait_for("3 lifespans have started in ")
        server.wait_for(r'No ASGI, no websockets \(.*uvicorn.*\): pip install "')
        server.wait_for("Quit the server")
        assert seconds_to_end(server) < 10

    assert "WARNING: This is" not in server.output
    assert "system checks" not in server.output


def test_access_log(tmp_path: Path) -> None:
    """Each request is a line as Django writes it."""
    with streams(tmp_path, "--noreload") as server:
        server.wait_for("is not wrapped in LifespanApplication. This command does that")
        server.wait_for("Quit the server")
        size = len(server.get("/pid/").content)
        server.wait_for(
            rf'\[../.../.{{4}} ..:..:..\] "GET /pid/ HTTP/1.1" 200 {size}\n'
        )
        with server.client() as client:
            assert client.get("/ünknown/?a=b%0a").status_code == 404
            assert client.get("/broken/").status_code == 500
        server.wait_for(r'"GET /%C3%BCnknown/\?a=b%0a HTTP/1.1" 404 \d+\n')
        server.wait_for('"GET /broken/ HTTP/1.1" 500 0\n')
        with pytest.raises(Exception, match="403"):
            websocket(server, "/refuse/")
        server.wait_for('"GET /refuse/ HTTP/1.1" 403 0\n')
        with websocket(server, "/websocket/"):
            server.wait_for_event("open websocket")
            # Django writes it when it is over, too.
            server.press_ctrl_c()
            server.wait()
    assert '"GET /websocket/ HTTP/1.1" 101 0\n' in server.output


@pytest.mark.parametrize("options", [("--insecure",), ("--insecure", "--nostatic")])
def test_static_files(options: tuple[str, ...], tmp_path: Path) -> None:
    """They are served with ``--insecure``, as ``DEBUG`` is off."""
    with runserver(tmp_path, "--noreload", *options) as server:
        server.wait_until_up()
        with server.client() as client:
            answer = client.get("/static/project.css")
        assert answer.status_code == (404 if "--nostatic" in options else 200)


@pytest.mark.parametrize("missing", ["", "uvicorn"])
def test_port_in_use(missing: str, tmp_path: Path) -> None:
    """It is told before anything is started."""
    with (
        socket.create_server(("127.0.0.1", 0)) as busy,
        runserver(
            tmp_path,
            address=f"127.0.0.1:{busy.getsockname()[1]}",
            PROJECT_WITHOUT=missing,
        ) as server,
    ):
        assert server.wait() == 1
        assert "Error: That port is already in use.\n" in server.output
        assert server.events == []


def test_port_taken_meanwhile(tmp_path: Path) -> None:
    """Who listens first has the port: what has been started is exited."""
    with runserver(tmp_path, "--noreload", behaviour="stuck") as server:
        server.wait_for_event("+stuck")
        with socket.socket() as faster:
            faster.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            faster.bind(("127.0.0.1", server.port))
            faster.listen()
            server.release()
            assert server.wait() == 1
    assert "Error: That port is already in use.\n" in server.output
    assert server.events[-3:] == STOPPED


def test_bad_options(tmp_path: Path) -> None:
    """Django judges them, and the address."""
    with runserver(tmp_path, "--unknown") as server:
        assert server.wait() == 2
        assert "unrecognized arguments: --unknown" in server.output
    with runserver(tmp_path / "2", address="nowhere:at:all") as server:
        assert server.wait() == 1
        assert "is not a valid port number or address:port pair" in server.output


def test_ipv6(tmp_path: Path) -> None:
    """It serves on an IPv6 address."""
    with runserver(tmp_path, "--noreload", address="[::1]:{port}") as server:
        server.wait_for(rf"server at http://\[::1\]:{server.port}/\n")
        with httpx.Client(trust_env=False, timeout=WITHIN) as client:
            assert client.get(f"http://[::1]:{server.port}/pid/").json()


def test_no_threads(tmp_path: Path) -> None:
    """``--nothreading`` keeps what it means: one request after the other."""
    with runserver(tmp_path, "--nothreading", "--noreload") as server:
        server.wait_for("Starting WSGI development server")
        server.wait_for("--nothreading: no ASGI server can do without threads")
        server.wait_for("Quit the server")
        assert server.get("/sync/").json()
        assert seconds_to_end(server) < 10


# --- which application, which apps -------------------------------------------------


def test_application_is_not_set(tmp_path: Path) -> None:
    """Then Django itself is served, with lifespans."""
    with runserver(
        tmp_path,
        "--noreload",
        DJANGO_SETTINGS_MODULE="tests.servers.project.settings_runserver",
    ) as server:
        server.wait_for("ASGI_APPLICATION is not set: Django is served, with lifespans")
        server.wait_for("Starting ASGI/Uvicorn")
        server.wait_for("Quit the server")
        assert server.get("/async/").json()


def test_application_cannot_be_imported(tmp_path: Path) -> None:
    """It is named, with the reason."""
    with runserver(
        tmp_path,
        "--noreload",
        DJANGO_SETTINGS_MODULE="tests.servers.project.settings_runserver",
        PROJECT_ASGI="tests.servers.project.nothing.application",
    ) as server:
        assert server.wait() == 1
    assert (
        "ImproperlyConfigured: ASGI_APPLICATION is "
        "'tests.servers.project.nothing.application', which could not be imported: No "
        "module named 'tests.servers.project.nothing'"
    ) in server.output


def test_wrong_order(tmp_path: Path) -> None:
    """Behind another app with the command, ours is not run; a check says so."""
    with runserver(tmp_path, "--noreload", apps=f"{STATIC} {APP}") as server:
        server.wait_for(f"command of '{STATIC}'")
        server.wait_for("Quit the server")
        assert server.events == []
    assert "lifespans have started" not in server.output


@pytest.mark.parametrize("apps", ["daphne", "daphne lifespan_registry.servers.daphne"])
def test_daphne(apps: str, tmp_path: Path) -> None:
    """Where Daphne is an app of the project, that is the server; ours may be there."""
    pytest.importorskip("daphne")
    with streams(tmp_path, "--noreload", PROJECT_APPS=f"{APP} {apps}") as server:
        server.wait_for("Starting ASGI/Daphne version")
        server.wait_for("3 lifespans have started in ")
        server.wait_until_up()
        assert seconds_to_end(server) < 10
    assert "is not wrapped in LifespanApplication" in server.output
    assert server.events == ALL


# --- editing -----------------------------------------------------------------------


def test_errors_wait_for_an_edit(tmp_path: Path) -> None:
    """Code that cannot be imported stops what is up; when it is mended, all starts."""
    with runserver(tmp_path) as server:
        server.wait_until_up()
        urls = server._root / "tests/servers/project/urls.py"
        right = urls.read_text(encoding="utf-8")
        edit_until(
            server,
            lambda: urls.write_text(f"{right}\ndef (\n", encoding="utf-8"),
            lambda: "SyntaxError: invalid syntax" in server.output,
            "error",
        )
        assert server.events[-3:] == STOPPED
        mend(server, urls, right)
        assert seconds_to_end(server) < 10
    check_complete(server)


def test_failed_start_waits_for_an_edit(tmp_path: Path) -> None:
    """A lifespan that fails is told like any error, and tried again after an edit."""
    with runserver(tmp_path, behaviour="fail") as server:
        server.wait_for("RuntimeError: no connection")
        server.wait_for("The server starts anew when a file is edited")
        lifespans = server._root / "tests/servers/project/lifespans.py"
        text = lifespans.read_text(encoding="utf-8")
        right = text.replace("    raise RuntimeError(message)", "    return")
        mend(server, lifespans, right)
        assert seconds_to_end(server) < 10
    check_complete(server)


def test_first_start_with_broken_code(tmp_path: Path) -> None:
    """Then Django's own command is the parent, and it is told what that means."""
    with runserver(tmp_path, PROJECT_APPS=f"missing {APP}") as server:
        server.wait_for("No module named 'missing'")
        (server._root / "missing").mkdir()
        (server._root / "missing/__init__.py").touch()
        settings = server._root / "tests/servers/project/settings.py"
        text = settings.read_text(encoding="utf-8")
        mend(server, settings, text)
        server.wait_for("so that it is Django's own: Ctrl-C gives lifespans 0.25 s")
        # To the child alone, which ends in peace.
        os.kill(server.get("/pid/").json(), signal.SIGTERM)
        assert server.wait() == 0
    assert server.events[-3:] == STOPPED


# --- the end -----------------------------------------------------------------------


def test_reload_with_open_connections(tmp_path: Path) -> None:
    """Pages that stay open are told to come again; the reload does not wait."""
    with streams(tmp_path) as server:
        server.wait_until_up()
        with (
            server.client() as idle,
            ask(server, "/stream/") as stream,
            ask(server, "/promise/"),
            websocket(server, "/websocket/"),
        ):
            idle.get("/pid/")
            for kind in ("stream", "promise", "websocket"):
                server.wait_for_event(f"open {kind}")
            edit_until(
                server,
                server.edit,
                lambda: len(server.processes) > 1,
                "reload",
            )
            answer = b"".join(iter(lambda: stream.recv(4096), b""))
        server.wait_until_up()
        assert seconds_to_end(server) < 10

    assert answer.endswith(b"data: 1\n\n\r\n0\r\n\r\n")
    first = next(iter(server.processes.values()))
    assert (first[:3], first[-3:]) == (STARTED, STOPPED)
    assert sorted(first[3:-3]) == [
        "closed stream",
        "closed websocket",
        "open promise",
        "open stream",
        "open websocket",
    ]
    assert "Traceback" not in server.output


@pytest.mark.parametrize("path", ["/wait/", "/thread/", "/stubborn/"])
def test_end_with_a_request_that_does_not_end(path: str, tmp_path: Path) -> None:
    """It is cancelled after a while; neither a thread nor a loop holds the end up."""
    with streams(tmp_path) as server:
        server.wait_until_up()
        with ask(server, path) as connection:
            server.wait_for_event(f"open {path.strip('/')}")
            assert seconds_to_end(server) < 20
            answer = connection.recv(4096)

    if path == "/wait/":
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable")
        assert server.events[-4:] == ["closed wait", *STOPPED]


@pytest.mark.parametrize("options", [(), ("--noreload",)])
@pytest.mark.parametrize("missing", ["", "uvicorn"])
def test_ctrl_c_during_the_start(
    options: tuple[str, ...], missing: str, tmp_path: Path
) -> None:
    """The start is called off, and unwound."""
    with runserver(
        tmp_path, *options, behaviour="wait", PROJECT_WITHOUT=missing
    ) as server:
        server.wait_for_event("waiting")
        if not missing:
            assert not server.accepts()
        assert seconds_to_end(server) < 10
    assert server.events == [*STARTED, "waiting", *STOPPED]
    assert "Quit the server" not in server.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_the_parent_alone(number: signal.Signals, tmp_path: Path) -> None:
    """A service manager, or the stop button of an editor, stops it all."""
    with runserver(tmp_path) as server:
        server.wait_until_up()
        server.send(number)
        assert server.wait() == 0
    assert server.events == ALL
    assert "Traceback" not in server.output


def test_signal_in_a_destructor(tmp_path: Path) -> None:
    """Python loses what is raised there; the process ends, and nothing is printed."""
    with streams(tmp_path, PROJECT_DROPS="1") as server:
        server.wait_until_up()
        (process,) = server.processes
        os.kill(process, signal.SIGUSR1)
        assert server.wait() == 0
    assert server.events == ALL
    assert "Exception ignored" not in server.output


def test_python_does_not_exit(tmp_path: Path) -> None:
    """It is cut off, and told so, when all lifespans have been exited."""
    with streams(tmp_path, PROJECT_LINGERS="1") as server:
        server.wait_until_up()
        assert seconds_to_end(server) < 10
    assert server.events == ALL
    assert "Python has not exited within 1 s of the server's end" in server.output


@pytest.mark.parametrize("options", [(), ("--noreload",)])
@pytest.mark.parametrize("is_alone", [False, True])
def test_second_ctrl_c(
    options: tuple[str, ...],
    is_alone: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    """Whatever goes on is given up."""
    # The parent kills the child where both hear of it: not while it writes its data.
    environment = {} if options or is_alone else UNMEASURED
    with streams(tmp_path, *options, **environment) as server:
        server.wait_until_up()
        with ask(server, "/block/"):
            server.wait_for_event("open block")
            press = (
                (lambda: server.send(signal.SIGINT))
                if is_alone
                else server.press_ctrl_c
            )
            server.wait_until(lambda: sleeps(server.pid), "sleep")
            before = sleeps(server.pid)
            press()
            server.wait_until(lambda: sleeps(server.pid) > before, "first signal")
            press()
            assert server.wait() == 130
    assert "Traceback" not in server.output


def sleeps(pid: int) -> int:
    """Return how often the main thread of a process has gone to sleep; 0 when awake.

    What waits there goes to sleep anew when Python has called the handler of a signal.
    Two signals before that would be one to Python.
    """
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    if "\nState:\tS" not in status:
        return 0
    (number,) = re.findall(r"^voluntary_ctxt_switches:\t(\d+)", status, re.MULTILINE)
    return int(number)


def test_blocked_loop_is_cut_off(tmp_path: Path) -> None:
    """A server that does not end is not waited for without end."""
    with Served(
        tmp_path,
        "tests.servers.project.manage",
        "impatient",
        "127.0.0.1:{port}",
        environment={
            "PROJECT_APPS": APP,
            "PROJECT_REGISTRY": '{"SHUTDOWN_TIMEOUT": 0.1}',
            "DJANGO_SETTINGS_MODULE": "tests.servers.project.settings_runserver",
            "PROJECT_ASGI": STREAMS,
        },
    ) as server:
        server.wait_until_up()
        with ask(server, "/block/"):
            server.wait_for_event("open block")
            server.terminate()
            assert server.wait() == 0
    assert "The server has not ended within 0.8 s, and is cut off" in server.output
