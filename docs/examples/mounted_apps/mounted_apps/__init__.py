"""FastAPI and Starlette beside Django, each with a lifespan of its own."""
