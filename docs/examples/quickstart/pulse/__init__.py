"""A site that feels its own pulse."""
