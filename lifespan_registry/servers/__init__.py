"""Servers that need more than the wrapper: each room here is imported by its name."""
