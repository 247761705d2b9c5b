"""What taskiq's worker imports: the broker, when Django is ready."""

import django

django.setup()

from tests.contrib.project.taskiq_tasks import broker  # noqa: E402

__all__ = ["broker"]
