"""A server as a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
"""The directory in which commands run: there, ``tests`` can be imported."""

WITHIN = 60.0
"""How many seconds anything that has to happen gets, on a busy machine too."""


class Process:
    """A Python module that is run as ``python -m``, in a process group of its own.

    Used as a context manager, which kills what is left of the group.
    """

    def __init__(
        self, *arguments: str, environment: Mapping[str, str], root: Path = ROOT
    ) -> None:
        inherited = os.environ.copy()
        inherited.pop("DJANGO_SETTINGS_MODULE", None)  # that of the tests themselves
        self._popen = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=root,
            env={**inherited, "PYTHONUNBUFFERED": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._is_over = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self._reader.join()

    @property
    def pid(self) -> int:
        """The process that was started: with several workers, the master."""
        return self._popen.pid

    @property
    def output(self) -> str:
        """What it has written so far, errors included."""
        return "".join(self._lines)

    @property
    def has_ended(self) -> bool:
        """Whether the process that was started has ended."""
        return self._popen.poll() is not None

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until *pattern* is in the output; return its match."""
        with self._news:
            self._news.wait_for(
                lambda: self._is_over or re.search(pattern, self.output), WITHIN
            )
        match = re.search(pattern, self.output)
        assert match, f"no {pattern!r} in the output:\n{self.output}"
        return match

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, as ``kill`` does."""
        self._popen.send_signal(number)

    def terminate(self) -> None:
        """Send SIGTERM to the process alone, as a service manager does."""
        self.send(signal.SIGTERM)

    def press_ctrl_c(self) -> None:
        """Send SIGINT to the whole group, as a terminal does."""
        os.killpg(self._popen.pid, signal.SIGINT)

    def wait(self) -> int:
        """Wait until it has ended by itself, and all its children; return its code."""
        try:
            code = self._popen.wait(WITHIN)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on:\n{self.output}") from None
        self._reader.join(WITHIN)
        assert not self._reader.is_alive(), f"a child goes on:\n{self.output}"
        return code

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as lines:
            for line in lines:
                self._hear(line)
        with self._news:
            self._is_over = True
            self._news.notify_all()

    def _hear(self, line: str) -> None:
        with self._news:
            self._lines.append(line)
            self._news.notify_all()
