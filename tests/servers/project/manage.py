"""``manage.py``, in a process that lacks ``PROJECT_WITHOUT``."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    if missing := os.environ.get("PROJECT_WITHOUT"):
        # What an import finds there is that there is no such module.
        sys.modules[missing] = None  # type: ignore[assignment]
    execute_from_command_line()
