"""Jobs at set times, beside the requests."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.examples.served import Site, copied, serving
from tests.project import ROOT
from tests.servers.process import WITHIN, Process

PACKAGES = ("aiosqlite", "apscheduler")


def measurements(site: Site) -> int:
    """Ask how many jobs have written to the database."""
    number = site.client.get("/").raise_for_status().json()["measurements"]
    assert isinstance(number, int)
    return number


def test_job_runs_again_and_again(tmp_path: Path) -> None:
    """The job writes to the database that the views read."""
    with serving(
        "job_scheduler", tmp_path, SECONDS_BETWEEN_JOBS="0.1", SECONDS_OF_A_JOB="0"
    ) as site:
        deadline = time.monotonic() + WITHIN
        while measurements(site) < 3:
            assert time.monotonic() < deadline, site.output
            time.sleep(0.02)


def test_running_job_is_waited_for(tmp_path: Path) -> None:
    """Ctrl-C lets the job finish that a view has asked for; then all is closed."""
    with serving("job_scheduler", tmp_path) as site:
        site.follow_readme()
        site.process.wait_for("measuring")
        assert site.interrupt() == 0
    site.has_logged_readme()
    assert site.output.count("measuring") == site.output.count("measured") > 0
    assert site.output.rindex("measured") < site.output.index("stopped scheduler")
    assert site.names("started") == ["database", "scheduler"]
    assert site.names("stopped") == ["scheduler", "database"]
    assert "Traceback" not in site.output
    assert "ResourceWarning" not in site.output


def test_web_without_jobs(tmp_path: Path) -> None:
    """With ``JOBS=off`` a server has no scheduler, and says so to a view that asks."""
    with serving("job_scheduler", tmp_path, JOBS="off") as site:
        assert site.names("started") == ["database"]
        assert measurements(site) == 0
        answer = site.client.get("/measure")
    assert answer.status_code == 500
    assert "NotInThisRunError" in answer.text
    assert "it is disabled by its enabled=" in answer.text


def test_process_of_its_own(tmp_path: Path) -> None:
    """``manage.py run_jobs`` runs the jobs until it is told to stop."""
    with Process(
        "manage",
        "run_jobs",
        environment={
            "PYTHONDEVMODE": "1",
            "PYTHONPATH": str(ROOT),
            "SECONDS_BETWEEN_JOBS": "0.1",
            "SECONDS_OF_A_JOB": "0",
            # Coverage handles SIGTERM itself, and ends the process by it.
            "COVERAGE_PROCESS_CONFIG": "",
        },
        root=copied("job_scheduler", tmp_path),
    ) as process:
        process.wait_for("measured")
        process.terminate()
        assert process.wait() == 128 + signal.SIGTERM
    output = process.output
    assert output.index("stopped scheduler") < output.index("stopped database")
    assert "Traceback" not in output
    assert "ResourceWarning" not in output
