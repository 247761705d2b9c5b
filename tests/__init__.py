"""The tests: each folder belongs to one part of the package."""
