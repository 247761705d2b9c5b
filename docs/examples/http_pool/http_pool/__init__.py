"""One HTTP client, with its pool of connections, for all requests."""
