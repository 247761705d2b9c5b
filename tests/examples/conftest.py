"""What the examples need beside themselves."""

from tests.services import installed, postgres, redis

__all__ = ["installed", "postgres", "redis"]
