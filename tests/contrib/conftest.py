"""What task workers need beside themselves."""

from tests.services import installed, redis

__all__ = ["installed", "redis"]
