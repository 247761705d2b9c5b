"""What the package costs, as ratios: ``python -m tests.benchmarks``.

No test: nothing here fails, and pytest collects nothing of it.
"""
