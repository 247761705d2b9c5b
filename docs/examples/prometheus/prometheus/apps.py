"""The app, which has the metrics kept."""

from django.apps import AppConfig


class PrometheusConfig(AppConfig):
    """Connects the receivers of the signals."""

    name = "prometheus"

    def ready(self) -> None:
        """Import them: that connects them."""
        from prometheus import metrics  # noqa: F401
