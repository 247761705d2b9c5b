"""A model of what words there are; stands for any that is slow, and blocks."""

import threading
import time
from collections.abc import Iterable


class Model:
    """Completes words. It knows nothing of asyncio, as models do."""

    def __init__(self, words: Iterable[str], seconds_to_think: float) -> None:
        self._words = sorted(words)
        self._seconds = seconds_to_think
        self._lock = threading.Lock()

    @classmethod
    def load(cls, words: Iterable[str], seconds: float, thinks: float) -> "Model":
        """Take so many *seconds* to learn the *words*."""
        time.sleep(seconds)
        return cls(words, thinks)

    @property
    def is_thinking(self) -> bool:
        """Whether it is busy with an answer."""
        return self._lock.locked()

    def complete(self, start: str) -> str | None:
        """Return the first word that begins with *start*."""
        # Views call it in many threads, and few models are made for that.
        with self._lock:
            time.sleep(self._seconds)
            return next((word for word in self._words if word.startswith(start)), None)
