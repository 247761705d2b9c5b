"""A panel for django-debug-toolbar: the lifespans of the process that has answered.

In the settings::

    from debug_toolbar.settings import PANELS_DEFAULTS

    DEBUG_TOOLBAR_PANELS = [
        *PANELS_DEFAULTS,
        "lifespan_registry.contrib.debug_toolbar.LifespansPanel",
    ]

(django-debug-toolbar 6.0 to 8.0.)
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from lifespan_registry.servers import known
from lifespan_registry.status import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

if importlib.util.find_spec("debug_toolbar") is None:
    raise ImportError(
        "django-debug-toolbar is not installed: "
        'pip install "lifespan-registry[debug-toolbar]"',
        name="debug_toolbar",
    )

# Its oldest version has no types.
panels: Any = importlib.import_module("debug_toolbar.panels")


class LifespansPanel(panels.Panel):  # type: ignore[misc]
    """Shows what the status page shows, as it was at the end of the request."""

    is_async = True
    title = "Lifespans"

    @property
    def nav_subtitle(self) -> str:
        """How things were, in short."""
        return str(self.get_stats().get("summary", ""))

    @property
    def content(self) -> str:
        """The HTML of the panel."""
        return str(self.get_stats().get("html", ""))

    def generate_stats(self, request: HttpRequest, response: HttpResponse) -> None:  # noqa: ARG002
        """Look at the lifespans of this process."""
        found = page.look(known.name_for(request.META))
        stats = {"summary": page.summary(found.facts), "html": page.fragment(found)}
        self.record_stats(stats)
