"""Jobs at set times, beside the requests."""
