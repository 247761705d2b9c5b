"""An app for ``INSTALLED_APPS``: lets each of several Hypercorn workers stop in peace.

Everywhere else than in such a worker it does nothing.
"""
