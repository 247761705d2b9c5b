"""What the package costs beside others: ``python -m tests.benchmarks.peers``."""
