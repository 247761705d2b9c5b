"""The engine: it knows asyncio, and has never heard of Django or of ASGI."""
