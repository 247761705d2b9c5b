"""The app, which has the spans made."""

from django.apps import AppConfig


class OpenTelemetryConfig(AppConfig):
    """Connects the receivers of the signals."""

    name = "open_telemetry"

    def ready(self) -> None:
        """Import them: that connects them."""
        from open_telemetry import receivers  # noqa: F401
