"""A pool of connections to PostgreSQL, beside the ORM on the same database."""
