"""A project with task workers, of several kinds."""
