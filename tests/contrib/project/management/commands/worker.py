"""The worker of `django_tasks_db`, with the lifespans around it."""

from __future__ import annotations

from django_tasks_db.management.commands import db_worker

from lifespan_registry.management.base import LifespanCommand


class Command(LifespanCommand, db_worker.Command):
    """Works off the tasks in the database."""

    lifespan_tags = "worker"
