"""The lifespans in tests: Django's clients and test cases, with a run of them.

Nothing here asks for more than Django and unittest. Without views, `Registry.run()`,
`Registry.run_in_thread()` and `Registry.override()` are all that a test needs.
"""

from lifespan_registry.testing.cases import LifespansPerClass, LifespansPerTest
from lifespan_registry.testing.client import AsyncLifespanClient, LifespanClient

__all__ = [
    "AsyncLifespanClient",
    "LifespanClient",
    "LifespansPerClass",
    "LifespansPerTest",
]
