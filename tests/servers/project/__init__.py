"""A Django project for real servers; the environment says how it behaves."""
