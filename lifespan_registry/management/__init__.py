"""The package of the management commands."""
