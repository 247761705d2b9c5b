"""What ``manage.py check`` says about lifespans."""

from __future__ import annotations

from lifespan_registry.checks.application import (
    check_asgi_application,
    check_wsgi_application,
)
from lifespan_registry.checks.installed import (
    check_apps,
    check_middleware,
    check_runserver,
)
from lifespan_registry.checks.plan import check_plan, check_settings

TAG = "lifespans"
"""For ``manage.py check --tag lifespans``."""

CHECKS = (
    check_settings,
    check_plan,
    check_asgi_application,
    check_wsgi_application,
    check_runserver,
    check_middleware,
    check_apps,
)
