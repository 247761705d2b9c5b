"""The same lifespans in the processes of others; each module is imported by name."""
