"""The project: settings, addresses, and the application for the server."""
