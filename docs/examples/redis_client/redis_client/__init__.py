"""One Redis client for all requests."""
